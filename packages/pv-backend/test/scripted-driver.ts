/**
 * A driver that does what a test says, right or wrong, over split queues that it writes word by
 * word. It knows nothing of the driver half that this project has.
 */
import {
  ctrlHeader,
  type Decoded,
  deviceStatus,
  type EventKind,
  type FeatureSet,
  featureSet,
  type GpuCommand,
  gpuCommandLayouts,
  type GpuCommandName,
  gpuCommands,
  gpuFlags,
  type GpuResponseName,
  gpuResponses,
  LinearMemory,
  memEntry,
  type QueueSetup,
  virtioFeatures,
  virtioGpuFeatures,
} from '@doorbell/abi';
import { WallClock, type WallTimers } from '@doorbell/wire';
import { VirtioGpu, type VirtioGpuParts } from '../src/index.ts';
import { FakeGpu } from './fake-gpu.ts';

const { ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK } = deviceStatus;
const { VERSION_1, INDIRECT_DESC, RING_RESET } = virtioFeatures;
const { VIRGL, CONTEXT_INIT, EDID, RESOURCE_UUID, RESOURCE_BLOB } = virtioGpuFeatures;

export const everything = featureSet(
  ...[VERSION_1, INDIRECT_DESC, RING_RESET],
  ...[VIRGL, CONTEXT_INIT, EDID, RESOURCE_UUID, RESOURCE_BLOB],
);

const RAM_BYTES = 4 << 20;
export const QUEUE_SIZE = 16;
/** Where each queue's parts lie. */
export const RINGS = 0x1000;
export const RING_BYTES = 0x1000;
const AVAIL = 0x400;
export const USED = 0x800;
/** Commands and responses: a kilobyte for each descriptor. */
export const SLOTS = 0x10000;
export const SLOT_BYTES = 0x800;
/** For backings: a test's own. */
export const PAGES = 0x100000;

const responseNames = new Map<number, GpuResponseName>(
  Object.entries(gpuResponses).map(([name, type]) => [type, name as GpuResponseName]),
);

type Header = Decoded<(typeof ctrlHeader)['fields']>;
type Values<N extends GpuCommandName> = Partial<Omit<GpuCommand<N>, 'hdr'>>;

export interface Answer {
  readonly type: GpuResponseName | undefined;
  readonly header: Header;
  /** All that the device wrote. */
  readonly bytes: Uint8Array;
  /** As the used ring has it. */
  readonly length: number;
}

export interface Buffer {
  readonly address: number;
  readonly bytes: number;
  readonly write: boolean;
}

/** Time that goes on when the test says so. */
export class HandTimers implements WallTimers {
  private time = 0;
  private readonly armed: { readonly at: number; readonly run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ns: number, run: () => void): () => void {
    const timer = { at: this.time + ns, run };
    this.armed.push(timer);
    return () => {
      const at = this.armed.indexOf(timer);
      if (at >= 0) {
        this.armed.splice(at, 1);
      }
    };
  }

  get count(): number {
    return this.armed.length;
  }

  advance(ns: number): void {
    this.time += ns;
    for (const timer of this.armed.filter(({ at }) => at <= this.time)) {
      this.armed.splice(this.armed.indexOf(timer), 1);
      timer.run();
    }
  }
}

/** Until every task waits for something that does not come by itself. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

interface Ring {
  readonly setup: QueueSetup;
  /** Where chains begin: a chain takes consecutive descriptors of its own slot. */
  next: number;
  seen: number;
}

export class ScriptedDriver {
  readonly memory = new LinearMemory(new ArrayBuffer(RAM_BYTES));
  readonly gpu: FakeGpu;
  readonly device: VirtioGpu;
  readonly timers = new HandTimers();
  /** Notifications by queue, and of the configuration. */
  readonly notified = [0, 0];
  configChanges = 0;
  readonly events: { kind: EventKind; a: number; b: number }[] = [];
  /** What a task of the device threw. */
  readonly failures: unknown[] = [];
  private readonly rings: Ring[] = [];
  private readonly answers = [new Map<number, Answer>(), new Map<number, Answer>()];
  /** Where the last command lies. */
  commandAt = 0;
  private tag = 0;
  private readonly tags: number[][] = [[], []];

  constructor(parts: Partial<VirtioGpuParts> = {}, gpu = new FakeGpu()) {
    this.gpu = gpu;
    this.device = new VirtioGpu(
      {
        memory: this.memory,
        notifyDriver: (queue) => {
          this.notified[queue]++;
        },
        configChanged: () => {
          this.configChanges++;
        },
      },
      {
        renderer: gpu,
        clock: new WallClock(this.timers),
        spawn: (body) => {
          body().catch((error: unknown) => {
            this.failures.push(error);
          });
        },
        trace: {
          event: (kind, a, b) => {
            this.events.push({ kind, a, b });
            return 0;
          },
        },
        width: 640,
        height: 480,
        ...parts,
      },
    );
  }

  // ------------------------------------------------------------------------------ the device

  /** As §3.1.1 says. */
  async start(features: FeatureSet = everything): Promise<this> {
    const { device } = this;
    this.memory.bytes.fill(0, RINGS, RINGS + 2 * RING_BYTES);
    this.answers.forEach((answers) => answers.clear());
    this.tags.forEach((tags) => tags.splice(0));
    this.outstanding.clear();
    device.writeStatus(0);
    device.writeStatus(ACKNOWLEDGE);
    device.writeStatus(ACKNOWLEDGE | DRIVER);
    device.driverFeatures = features & device.features;
    device.writeStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK);
    [0, 1].forEach((queue) => this.setUpQueue(queue));
    device.writeStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    await settled();
    return this;
  }

  setUpQueue(queue: number): void {
    const base = RINGS + queue * RING_BYTES;
    const setup = {
      size: QUEUE_SIZE,
      descriptors: base,
      driver: base + AVAIL,
      device: base + USED,
    };
    this.memory.bytes.fill(0, base, base + RING_BYTES);
    this.rings[queue] = { setup, next: 0, seen: 0 };
    this.tags[queue] = [];
    this.device.setQueue(queue, setup);
    this.device.enableQueue(queue);
  }

  // ------------------------------------------------------------------------------ chains

  /** Writes a descriptor. */
  describe(queue: number, index: number, { address, bytes, write }: Buffer, next?: number): void {
    const at = this.rings[queue].setup.descriptors + 16 * index;
    this.memory.store32(at, address % 2 ** 32);
    this.memory.store32(at + 4, Math.floor(address / 2 ** 32));
    this.memory.store32(at + 8, bytes);
    this.memory.store16(at + 12, (write ? 2 : 0) | (next === undefined ? 0 : 1));
    this.memory.store16(at + 14, next ?? 0);
  }

  /** Makes a chain of buffers available. Gives a name for it. */
  offer(queue: number, buffers: readonly Buffer[]): number {
    const ring = this.rings[queue];
    if (ring.next % QUEUE_SIZE !== 0 && (ring.next % QUEUE_SIZE) + buffers.length > QUEUE_SIZE) {
      ring.next += QUEUE_SIZE - (ring.next % QUEUE_SIZE);
    }
    const head = ring.next % QUEUE_SIZE;
    buffers.forEach((buffer, index) => {
      const isLast = index === buffers.length - 1;
      this.describe(queue, head + index, buffer, isLast ? undefined : head + index + 1);
    });
    ring.next += buffers.length;
    return this.publish(queue, head, buffers);
  }

  private readonly outstanding = new Map<number, readonly Buffer[]>();

  /** Puts a descriptor into the available ring. */
  publish(queue: number, head: number, buffers: readonly Buffer[] = []): number {
    const { driver } = this.rings[queue].setup;
    const idx = this.memory.load16(driver + 2);
    this.memory.store16(driver + 4 + 2 * (idx % QUEUE_SIZE), head);
    this.memory.store16(driver + 2, (idx + 1) & 0xffff);
    const tag = ++this.tag;
    this.tags[queue][head] = tag;
    this.outstanding.set(tag, buffers);
    return tag;
  }

  /** Writes a command to memory, and offers it with room for a response. */
  send(queue: number, command: Uint8Array, room = 1100): number {
    const ring = this.rings[queue];
    if ((ring.next % QUEUE_SIZE) + 2 > QUEUE_SIZE) {
      ring.next += QUEUE_SIZE - (ring.next % QUEUE_SIZE);
    }
    const slot = SLOTS + (queue * QUEUE_SIZE + (ring.next % QUEUE_SIZE)) * SLOT_BYTES;
    if (command.length > SLOT_BYTES || room > SLOT_BYTES) {
      throw new RangeError('The command, or its response, does not fit the slot.');
    }
    this.commandAt = slot;
    this.memory.bytes.set(command, slot);
    this.memory.bytes.fill(0xee, slot + SLOT_BYTES, slot + 2 * SLOT_BYTES);
    return this.offer(queue, [
      { address: slot, bytes: command.length, write: false },
      ...(room > 0 ? [{ address: slot + SLOT_BYTES, bytes: room, write: true }] : []),
    ]);
  }

  /** Notifies the device, and waits until it has nothing to do. */
  async kick(queue: number): Promise<void> {
    this.device.notify(queue);
    await settled();
    this.collect(queue);
  }

  /** Takes what the device has returned. */
  collect(queue: number): void {
    const ring = this.rings[queue];
    const { device } = ring.setup;
    for (; ring.seen !== this.memory.load16(device + 2); ring.seen = (ring.seen + 1) & 0xffff) {
      const at = device + 4 + 8 * (ring.seen % QUEUE_SIZE);
      const tag = this.tags[queue][this.memory.load32(at)];
      this.answers[queue].set(tag, this.answerOf(tag, this.memory.load32(at + 4)));
    }
  }

  private answerOf(tag: number, length: number): Answer {
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const buffer of this.outstanding.get(tag) ?? []) {
      if (buffer.write && at < length) {
        const part = Math.min(buffer.bytes, length - at);
        bytes.set(this.memory.bytes.subarray(buffer.address, buffer.address + part), at);
        at += part;
      }
    }
    const padded = new Uint8Array(Math.max(length, ctrlHeader.size));
    padded.set(bytes);
    const header = ctrlHeader.decode(padded);
    return { type: responseNames.get(header.type), header, bytes, length };
  }

  answer(tag: number, queue = 0): Answer | undefined {
    this.collect(queue);
    return this.answers[queue].get(tag);
  }

  /** In the order in which they came back. */
  order(queue = 0): number[] {
    this.collect(queue);
    return [...this.answers[queue].keys()];
  }

  // ------------------------------------------------------------------------------ commands

  /** One command on the control queue, to its end. */
  async ask(command: Uint8Array, room?: number): Promise<Answer> {
    const tag = this.send(0, command, room);
    await this.kick(0);
    const answer = this.answer(tag);
    if (answer === undefined) {
      throw new Error(`No answer: ${this.device.reason}`);
    }
    return answer;
  }

  /** The type of its answer. */
  async type(command: Uint8Array): Promise<GpuResponseName | undefined> {
    return (await this.ask(command)).type;
  }

  /** One command on the cursor queue. */
  async cursor(command: Uint8Array): Promise<void> {
    this.send(1, command, 0);
    await this.kick(1);
  }
}

// ------------------------------------------------------------------------------ commands

/** A command's bytes. What is not given is 0. */
export function command<N extends GpuCommandName>(
  name: N,
  values: Values<N> = {},
  header: Partial<Header> = {},
  rest: Uint8Array = new Uint8Array(),
): Uint8Array {
  const layout = gpuCommandLayouts[name];
  const blank = layout.decode(new Uint8Array(layout.size));
  const hdr = { ...blank.hdr, type: gpuCommands[name], ...header };
  const { encode } = layout as unknown as { encode: (value: object) => Uint8Array };
  const fixed = encode({ ...blank, ...values, hdr });
  const bytes = new Uint8Array(fixed.length + rest.length);
  bytes.set(fixed);
  bytes.set(rest, fixed.length);
  return bytes;
}

export const fence = (id: number): Partial<Header> => ({
  flags: gpuFlags.FENCE,
  fence_id: BigInt(id),
});

/** A scatter list. */
export function entries(...list: readonly (readonly [addr: number, length: number])[]): Uint8Array {
  const into = new Uint8Array(list.length * memEntry.size);
  list.forEach(([addr, length], index) => {
    memEntry.encode({ addr: BigInt(addr), length, padding: 0 }, into, index * memEntry.size);
  });
  return into;
}

export function attachBacking(
  resource_id: number,
  ...list: readonly (readonly [addr: number, length: number])[]
): Uint8Array {
  const values = { resource_id, nr_entries: list.length };
  return command('RESOURCE_ATTACH_BACKING', values, {}, entries(...list));
}

export function create2d(id: number, width: number, height: number, format = 67): Uint8Array {
  return command('RESOURCE_CREATE_2D', { resource_id: id, width, height, format });
}

/** Of the capset `bell`. */
export function createContext(id: number): Uint8Array {
  return command('CTX_CREATE', { context_init: 48 }, { ctx_id: id });
}

const plain = { depth: 1, array_size: 1 };
export function createBuffer(id: number, bytes: number): Uint8Array {
  const values = { resource_id: id, target: 0, format: 64, width: bytes, height: 1, ...plain };
  return command('RESOURCE_CREATE_3D', values);
}
export function createImage(id: number, width: number, height: number): Uint8Array {
  const values = { resource_id: id, target: 2, format: 67, width, height, ...plain };
  return command('RESOURCE_CREATE_3D', values);
}

export function attachResource(ctx_id: number, resource_id: number): Uint8Array {
  return command('CTX_ATTACH_RESOURCE', { resource_id }, { ctx_id });
}

export function submit(
  ctx_id: number,
  words: Uint32Array,
  header: Partial<Header> = {},
): Uint8Array {
  const rest = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  return command('SUBMIT_3D', { size: rest.length }, { ctx_id, ...header }, rest);
}

export function rect(x: number, y: number, width: number, height: number) {
  return { x, y, width, height };
}
