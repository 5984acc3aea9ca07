/**
 * The other side of a driver under test: registers and queues of a virtio device, as a transport shows
 * them, with a GPU behind. It does right, or what a check says; and notes what no driver may do.
 */
import { RingError, type QueueSetup, type VirtioTransport } from '@doorbell/abi';
import type { CheckTime } from '../virtio/check-time.ts';
import { bits, nameOf, setOf, wordAt, wordsOf } from '../virtio/gpu-bytes.ts';
import { MockGpu } from './mock-gpu.ts';
import { MockQueue } from './mock-queue.ts';
import type { Breaks, Rule } from './rules.ts';
import { isStep, statusBits } from './status-steps.ts';
import type { StrictMemory } from './strict-memory.ts';

const { DRIVER, DRIVER_OK, FEATURES_OK, NEEDS_RESET, FAILED } = statusBits;
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

export class MockDevice implements VirtioTransport {
  deviceId = 16;
  offered = setOf(bits.VERSION_1, bits.INDIRECT_DESC, bits.EDID);
  accepted = 0n;
  /** Whether it confirms FEATURES_OK. */
  confirms = true;
  maxSize = 64;
  status = 0;
  released = 0;
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
  private queues: (MockQueue | undefined)[] = [];
  private onConfig: () => void = () => {};
  private isWorking = false;
  private wasReset = false;
  private wasRefused = false;
  private readonly memory: StrictMemory;
  private readonly time: CheckTime;
  private readonly breaks: Breaks = (rule, how) => {
    if (!this.broken.has(rule)) {
      this.broken.set(rule, how);
    }
  };

  constructor(memory: StrictMemory, time: CheckTime) {
    this.memory = memory;
    this.time = time;
    this.gpu = new MockGpu(memory, this.breaks);
    memory.onUnmap = (iova, bytes) => {
      if (this.isLive && this.holds(iova, bytes)) {
        this.breaks('3.3.1/exposed', 'memory that the device may use was taken from it');
      }
    };
  }

  private get isLive(): boolean {
    return (this.status & DRIVER_OK) !== 0;
  }

  private holds(iova: number, bytes: number): boolean {
    const isQueues = this.queues.some((queue) => queue?.uses(iova, bytes) === true);
    return isQueues || this.gpu.holds(iova, bytes);
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
    } else if (written !== old && !isStep(old, written)) {
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
    for (const queue of this.queues) {
      queue?.checkKept();
    }
    this.status = 0;
    this.accepted = 0n;
    this.wasReset = true;
    this.wasRefused = false;
    this.queues = [];
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
    const options = {
      indirect: (this.accepted & setOf(bits.INDIRECT_DESC)) !== 0n,
      eventIdx: (this.accepted & setOf(bits.EVENT_IDX)) !== 0n,
      inOrder: false,
    };
    if (this.reachesQueue(number, setup)) {
      const { memory } = this;
      this.queues[number] = new MockQueue(memory, this.breaks, setup, options, onUsed);
    }
  }

  private reachesQueue(number: number, { size, descriptors, driver, device }: QueueSetup): boolean {
    const parts = [
      [descriptors, 16 * size],
      [driver, 6 + 2 * size],
      [device, 6 + 8 * size],
    ];
    const far = parts.find(([at, bytes]) => !this.memory.device.reaches(at, bytes, true));
    if (far !== undefined) {
      this.breaks('6.1/reach', `a part of queue ${number} at 0x${far[0].toString(16)}`);
    }
    return far === undefined;
  }

  notify(queue: number): void {
    this.log.push(`notify ${queue}`);
    if (!this.isLive) {
      this.breaks('3.1.1/no-early-notify', `queue ${queue}, at status ${this.status}`);
      return;
    }
    if (this.queues[queue] === undefined) {
      this.breaks('5.7.2/queues', `queue ${queue} was notified, which is not enabled`);
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
  private serve(index: number, queue: MockQueue): boolean {
    const command = this.take(queue);
    if (command === undefined) {
      return false;
    }
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
      queue.keep();
      return true;
    }
    const hasRoom =
      answer instanceof Uint8Array ? queue.put(answer) : queue.put(answer.bytes, answer.usedLength);
    if (!hasRoom) {
      this.breaks('5.7.6.7/whole', `too little room for the response behind ${nameOf(type)}`);
    }
    return true;
  }

  private take(queue: MockQueue): Uint8Array | undefined {
    try {
      return queue.take();
    } catch (error) {
      if (!(error instanceof RingError)) {
        throw error;
      }
      this.breaks('2.7/ring', error.message);
      this.needReset();
      return undefined;
    }
  }
}
