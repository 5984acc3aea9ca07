/**
 * The other side of a driver under test: registers and queues of a virtio device, as a transport shows
 * them, with a GPU behind. It does right, or what a check says; and notes what no driver may do.
 */
import { Chain, type QueueSetup, type VirtioTransport } from '@doorbell/abi';
import { SplitDeviceQueue, type DeviceQueue } from '@doorbell/pv-backend';
import type { CheckTime } from '../virtio/check-time.ts';
import { bits, nameOf, setOf, wordAt, wordsOf } from '../virtio/gpu-bytes.ts';
import { MockGpu } from './mock-gpu.ts';
import type { Rule } from './rules.ts';
import type { StrictMemory } from './strict-memory.ts';

const [ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, NEEDS_RESET, FAILED] = [1, 2, 4, 8, 64, 128];
/** ACKNOWLEDGE and DRIVER may come together: two steps, one write. */
const steps: readonly (readonly [number, readonly number[]])[] = [
  [0, [ACKNOWLEDGE, ACKNOWLEDGE | DRIVER]],
  [ACKNOWLEDGE, [ACKNOWLEDGE | DRIVER]],
  [ACKNOWLEDGE | DRIVER, [ACKNOWLEDGE | DRIVER | FEATURES_OK]],
  [ACKNOWLEDGE | DRIVER | FEATURES_OK, [ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK]],
];
const COMMAND_NS = 1_000;
const CONTROL = 0;
const CURSOR = 1;

/** A response; one that is said to have another length; or none, for ever. */
type Answer =
  | Uint8Array
  | { readonly bytes: Uint8Array; readonly usedLength: number }
  | 'silent'
  /** The device finds that it needs a reset, in place of an answer. */
  | 'needs-reset';

interface Queue {
  readonly ring: DeviceQueue;
  readonly setup: QueueSetup;
  readonly onUsed: () => void;
}

export class MockDevice implements VirtioTransport {
  deviceId = 16;
  offered = setOf(bits.VERSION_1, bits.INDIRECT_DESC, bits.EDID);
  accepted = 0n;
  /** Whether it confirms FEATURES_OK. */
  confirms = true;
  maxSize = 64;
  status = 0;
  released = 0;
  resets = 0;
  /** How each rule was broken, at first. */
  readonly broken = new Map<Rule, string>();
  readonly gpu: MockGpu;
  /** Whatever was called that changes something, oldest first. */
  readonly log: string[] = [];
  /** Answers in the place of the GPU; undefined: the GPU does. */
  answers: (command: Uint8Array, right: Uint8Array) => Answer | undefined = () => undefined;
  /** Hears of each command, before it is done. */
  onCommand: (type: number) => void = () => {};
  private events = 0;
  private queues: (Queue | undefined)[] = [];
  private onConfig: () => void = () => {};
  private isWorking = false;
  private wasReset = false;
  private wasRefused = false;
  /** Chains that were taken and are never given back. */
  private readonly kept: { readonly at: number; readonly bytes: number }[] = [];
  private readonly memory: StrictMemory;
  private readonly time: CheckTime;

  constructor(memory: StrictMemory, time: CheckTime) {
    this.memory = memory;
    this.time = time;
    this.gpu = new MockGpu(memory, (rule, how) => {
      this.breaks(rule, how);
    });
    memory.onUnmap = (iova, bytes) => {
      if (this.isLive && (this.usesRing(iova, bytes) || this.gpu.holds(iova, bytes))) {
        this.breaks('3.3.1/exposed', 'memory that the device may use was taken from it');
      }
    };
  }

  private breaks(rule: Rule, how: string): void {
    if (!this.broken.has(rule)) {
      this.broken.set(rule, how);
    }
  }

  private get isLive(): boolean {
    return (this.status & DRIVER_OK) !== 0;
  }

  private usesRing(iova: number, bytes: number): boolean {
    const touches = (at: number, length: number): boolean =>
      at < iova + bytes && iova < at + length;
    return (
      this.queues.some(
        (queue) =>
          queue !== undefined &&
          [queue.setup.descriptors, queue.setup.driver, queue.setup.device].some((at) =>
            touches(at, 1),
          ),
      ) || this.kept.some(({ at, bytes: length }) => touches(at, length))
    );
  }

  // ------------------------------------------------------------------------------ registers

  async readStatus(): Promise<number> {
    return this.status;
  }

  async writeStatus(written: number): Promise<void> {
    this.log.push(`status ${written}`);
    if (written === 0) {
      this.reset();
      return;
    }
    this.checkStatus(written);
    const confirmed = this.confirms ? written : written & ~FEATURES_OK;
    this.wasRefused ||= confirmed !== written;
    this.status = confirmed | (this.status & NEEDS_RESET);
  }

  private checkStatus(written: number): void {
    const old = this.status & ~NEEDS_RESET;
    const how = `${written} was written when the status was ${this.status}`;
    this.mustBeReset(how);
    if ((old & ~written) !== 0) {
      this.breaks('2.1.1/never-clears', how);
    }
    if ((written & FAILED) !== 0) {
      return;
    }
    if (this.wasRefused) {
      this.breaks('3.1.1/stops-when-refused', how);
    } else if (
      written !== old &&
      !(steps.find(([from]) => from === old)?.[1].includes(written) ?? false)
    ) {
      this.breaks('3.1.1/sequence', how);
    }
  }

  private mustBeReset(how: string): void {
    if (!this.wasReset) {
      this.breaks('3.1.1/reset-first', how);
    }
    if ((this.status & FAILED) !== 0) {
      this.breaks('2.1.1/reset-after-failed', how);
    }
  }

  private reset(): void {
    this.resets++;
    this.status = 0;
    this.accepted = 0n;
    this.wasReset = true;
    this.wasRefused = false;
    this.queues = [];
    this.kept.length = 0;
    this.gpu.reset();
  }

  async deviceFeatures(): Promise<bigint> {
    return this.offered;
  }

  async setDriverFeatures(features: bigint): Promise<void> {
    const how = `0x${features.toString(16)} of 0x${this.offered.toString(16)}`;
    this.log.push('features');
    this.mustBeReset('features were written');
    if ((features & ~this.offered) !== 0n) {
      this.breaks('2.2.1/offered-only', how);
    }
    if ((features & setOf(bits.CONTEXT_INIT)) !== 0n && (features & setOf(bits.VIRGL)) === 0n) {
      this.breaks('2.2.1/dependencies', how);
    }
    if ((this.status & FEATURES_OK) !== 0) {
      this.breaks('3.1.1/features-once', how);
    }
    if ((this.status & DRIVER) === 0) {
      this.breaks('3.1.1/sequence', 'features were written before DRIVER');
    }
    this.accepted = features;
  }

  async readConfig(offset: number, bytes: number): Promise<Uint8Array> {
    const fields = [this.events, 0, 1, this.gpu.capsets.length];
    const into = new Uint8Array(bytes);
    into.set(wordsOf(fields).subarray(offset, offset + bytes));
    return into;
  }

  async writeConfig(offset: number, bytes: Uint8Array): Promise<void> {
    this.log.push(`config ${offset}`);
    if ((this.status & FEATURES_OK) === 0) {
      this.breaks('3.1.1/no-config-write', `${bytes.length} bytes at ${offset}`);
    }
    const config = new Uint8Array(16);
    config.set(bytes.subarray(0, 16 - offset), offset);
    if (offset < 4) {
      this.breaks('5.7.4.1/events-read', `${bytes.length} bytes at ${offset}`);
    }
    this.events &= ~wordAt(config, 4);
  }

  onConfigChange(handler: () => void): void {
    this.onConfig = handler;
  }

  // ------------------------------------------------------------------------------ what happens to it

  /** The display changed. */
  changeDisplay(): void {
    this.events |= 1;
    this.onConfig();
  }

  /** §2.1.2. */
  needReset(): void {
    this.status |= NEEDS_RESET;
    this.queues = [];
    this.onConfig();
  }

  get pendingEvents(): number {
    return this.events;
  }

  // ------------------------------------------------------------------------------ queues

  async maxQueueSize(queue: number): Promise<number> {
    return queue > CURSOR ? 0 : this.maxSize;
  }

  async enableQueue(number: number, setup: QueueSetup, onUsed: () => void): Promise<void> {
    this.log.push(`queue ${number}`);
    this.mustBeReset(`queue ${number} was enabled`);
    const { size } = setup;
    if (this.wasRefused) {
      this.breaks('3.1.1/stops-when-refused', `queue ${number} was enabled`);
    } else if ((this.status & FEATURES_OK) === 0 || this.isLive) {
      this.breaks('3.1.1/queues-before-driver-ok', `queue ${number}, at status ${this.status}`);
    }
    if (size > this.maxSize || size < 1 || (size & (size - 1)) !== 0) {
      this.breaks('2.7/size', `${size} entries, of ${this.maxSize}`);
      return;
    }
    const parts = [
      [setup.descriptors, 16 * size],
      [setup.driver, 6 + 2 * size],
      [setup.device, 6 + 8 * size],
    ];
    const far = parts.find(([at, bytes]) => !this.memory.device.reaches(at, bytes, true));
    if (far !== undefined) {
      this.breaks('6.1/reach', `a part of queue ${number} at 0x${far[0].toString(16)}`);
      return;
    }
    const ring = new SplitDeviceQueue(this.memory.device, setup, {
      indirect: (this.accepted & setOf(bits.INDIRECT_DESC)) !== 0n,
      eventIdx: (this.accepted & setOf(bits.EVENT_IDX)) !== 0n,
      inOrder: false,
    });
    ring.enableNotifications();
    this.queues[number] = { ring, setup, onUsed };
  }

  notify(queue: number): void {
    this.log.push(`notify ${queue}`);
    if (!this.isLive) {
      this.breaks('3.1.1/no-early-notify', `queue ${queue}, at status ${this.status}`);
      return;
    }
    this.work();
  }

  release(): void {
    this.released++;
  }

  /** A command a microsecond. */
  private work(): void {
    if (this.isWorking) {
      return;
    }
    this.isWorking = true;
    this.time.after(COMMAND_NS, () => {
      this.isWorking = false;
      if (this.queues.some((queue, index) => queue !== undefined && this.serve(index, queue))) {
        this.work();
      }
    });
  }

  /** One command. False: there is none. */
  private serve(index: number, { ring, setup, onUsed }: Queue): boolean {
    const chain = new Chain(1024);
    if (!ring.next(chain)) {
      return !ring.enableNotifications();
    }
    const command = this.read(chain);
    const type = wordAt(command, 0);
    if (type >= 0x300 !== (index === CURSOR)) {
      this.breaks('5.7.2/queues', `${nameOf(type)} on queue ${index}`);
    }
    this.onCommand(type);
    const right = index === CONTROL ? this.gpu.answer(command, this.accepted) : new Uint8Array();
    const answer = this.answers(command, right) ?? right;
    if (answer === 'needs-reset') {
      this.needReset();
      return false;
    }
    if (answer === 'silent') {
      this.keep(chain);
      return true;
    }
    const bytes = answer instanceof Uint8Array ? answer : answer.bytes;
    ring.put(chain.id, this.write(chain, bytes, type));
    const isNotified = ring.publish();
    if (!(answer instanceof Uint8Array)) {
      this.lie(setup, answer.usedLength);
    }
    if (isNotified) {
      onUsed();
    }
    return true;
  }

  /** The last entry of the used ring gets another length, before the driver looks (§2.7.8). */
  private lie({ device, size }: QueueSetup, length: number): void {
    const { device: memory } = this.memory;
    const last = (memory.load16(device + 2) - 1) & 0xffff;
    memory.store32(device + 8 + 8 * (last % size), length);
  }

  private keep({ count, addresses, lengths }: Chain): void {
    for (let index = 0; index < count; index++) {
      this.kept.push({ at: addresses[index], bytes: lengths[index] });
    }
  }

  private read({ readable, addresses, lengths }: Chain): Uint8Array {
    const parts = Array.from({ length: readable }, (_, index) => {
      const part = new Uint8Array(lengths[index]);
      if (!this.memory.fetchNow(addresses[index], part)) {
        this.breaks('6.1/reach', `a buffer at 0x${addresses[index].toString(16)}`);
      }
      return part;
    });
    return Uint8Array.from(parts.flatMap((part) => [...part]));
  }

  private write(
    { readable, count, addresses, lengths }: Chain,
    bytes: Uint8Array,
    type: number,
  ): number {
    let at = 0;
    for (let index = readable; index < count; index++) {
      const part = bytes.subarray(at, at + lengths[index]);
      this.memory.storeNow(addresses[index], part);
      at += part.length;
    }
    if (at < bytes.length) {
      this.breaks(
        '5.7.6.7/whole',
        `room for ${at} of ${bytes.length} bytes behind ${nameOf(type)}`,
      );
    }
    return at;
  }
}
