/**
 * Ports: how layers touch. A driver is handed a `PciDevice`, a device model a `DeviceHost`;
 * neither can tell what stands behind. `Mmio`, `Memory`, `Dma`, `BusMaster` are synchronous.
 * Only a wait (`WaitQueue.until`, `Clock.sleep`) is asynchronous.
 *
 * Addresses are plain numbers below 2^52, so they are exact without BigInt.
 */
import type { EventId, EventKind, RequestId } from './trace.ts';

/** Bytes of one access. */
export type AccessWidth = 1 | 2 | 4;

// ---------------------------------------------------------------------------------- driver

/** A window on a device's registers or memory. Offsets are in bytes; values are unsigned. */
export interface Mmio {
  readonly size: number;
  /** A read waits for the device. @throws RangeError when `offset` is beyond the end or not a multiple of `width`. */
  read(offset: number, width: AccessWidth): number;
  /** A write is posted: it returns before the device has seen it. */
  write(offset: number, width: AccessWidth, value: number): void;
  /** Many stores of 4 bytes to consecutive offsets; both must be a multiple of 4. */
  writeBlock(offset: number, bytes: Uint8Array): void;
  /** Many loads of 4 bytes from consecutive offsets; both must be a multiple of 4. */
  readBlock(offset: number, into: Uint8Array): void;
}

/** A function's configuration space. Offsets 0 to 4095, in bytes, a multiple of `width`. */
export interface ConfigPort {
  read(offset: number, width: AccessWidth): number;
  write(offset: number, width: AccessWidth, value: number): void;
}

/**
 * Memory that two parties use at once, such as a virtqueue's. Ring code touches it by these alone,
 * so that the memory may be another machine's, and so that every order of both parties' accesses
 * can be explored. Addresses are multiples of the width.
 */
export interface RingMemory {
  load16(address: number): number;
  load32(address: number): number;
  store16(address: number, value: number): void;
  store32(address: number, value: number): void;
  /** No later access of the caller is done before this load. */
  acquire16(address: number): number;
  /** Whoever sees this store sees all stores of the caller before it: how ring code publishes. */
  release16(address: number, value: number): void;
  /** No later load of the caller is done before its earlier stores are visible: a full barrier. */
  fence(): void;
}

/** The machine's RAM as the driver's CPU sees it, by (guest-)physical address. */
export interface Memory extends RingMemory {
  copyIn(address: number, bytes: Uint8Array): void;
  copyOut(address: number, into: Uint8Array): void;
  /** Whole pages of 4 KiB, zeroed, physically contiguous. @throws OutOfMemory */
  allocate(bytes: number): number;
  free(address: number): void;
}

export type DmaDirection = 'to-device' | 'from-device' | 'both';

/** What a device may reach, by the address that it must use. */
export interface DmaMappings {
  /** Lets the device reach RAM at `address`. Returns the IOVA, at the same offset in its page. */
  map(address: number, bytes: number, direction: DmaDirection): number;
  /** Takes the reach away again: with the same IOVA and size that `map` had. */
  unmap(iova: number, bytes: number): void;
}

/** The kernel's DMA API. */
export interface Dma extends DmaMappings {
  /**
   * Whole pages, zeroed, that driver and device use at once for as long as they are there, as the
   * kernel's dma_alloc_coherent gives: rings, and what is passed through them.
   * @throws OutOfMemory
   */
  allocateCoherent(bytes: number): CoherentMemory;
  freeCoherent(memory: CoherentMemory): void;
}

export interface CoherentMemory {
  /** As the CPU sees it. */
  readonly address: number;
  /** As the device sees it. */
  readonly iova: number;
  readonly bytes: number;
}

/** What a driver programs into an MSI or MSI-X entry. */
export interface IrqMessage {
  readonly address: number;
  readonly data: number;
}

/** Handlers run at the driver's next access or wait, never nested. */
export interface Irq {
  /** A message that runs `handler` when the device writes it. */
  request(handler: () => void): IrqMessage;
  /** The function's INTx line, level-triggered: `handler` runs again while the line stays high. */
  requestLine(handler: () => void): void;
  release(message: IrqMessage): void;
  releaseLine(): void;
}

/** What a wait is for. Its place in this table is its number in a recorded trace: append only. */
export const waits = {
  queue: 'Room in a queue, or that the other side begins with an entry.',
  translation: 'An address that is to be translated. A walk is an event of its own: iotlbMiss.',
  data: 'Bytes that a device or the other side moves.',
  resource: 'Memory, a lock, or an answer that gives one.',
  dependency: 'Work that must be over before, such as what a fence stands behind.',
  schedule: 'The engines, while others have them: a part of the other waits.',
  time: 'Time alone: a sleep, or one look of who polls.',
} as const;
export type WaitReason = keyof typeof waits;

/** As Linux's wait_event and wake_up. */
export interface WaitQueue {
  /**
   * Waits until `condition` holds; it is looked at once, and again after each `wake`.
   * Resolves to false when `timeoutNs` passed first.
   */
  until(condition: () => boolean, reason: WaitReason, timeoutNs?: number): Promise<boolean>;
  wake(): void;
}

export interface Clock {
  /** In nanoseconds. */
  now(): number;
  /** Spins, as udelay does. */
  delay(ns: number): void;
  sleep(ns: number): Promise<void>;
  waitQueue(): WaitQueue;
}

/** All that a driver's `probe` is handed. */
export interface PciDevice {
  readonly config: ConfigPort;
  /** @throws RangeError when the BAR is absent or has no address. */
  mapBar(index: number): Mmio;
  readonly memory: Memory;
  readonly dma: Dma;
  readonly irq: Irq;
  readonly clock: Clock;
}

// ---------------------------------------------------------------------------------- device

/** A function as its bus sees it. Values are unsigned; what is not there reads all ones. */
export interface PciEndpoint {
  configRead(offset: number, width: AccessWidth): number;
  configWrite(offset: number, width: AccessWidth, value: number): void;
  barRead(bar: number, offset: number, width: AccessWidth): number;
  barWrite(bar: number, offset: number, width: AccessWidth, value: number): void;
  /** The memory behind a BAR that is nothing but memory, or undefined: a host may map it into a guest. */
  barMemory(bar: number): MemoryBacking | undefined;
}

/** Bytes with a note of which pages were written, so that a checkpoint copies only those. */
export interface MemoryBacking {
  readonly size: number;
  readonly bytes: Uint8Array;
  /** The same bytes. */
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
  /** Must be called with every range that is written through `bytes` or `words`. */
  touched(offset: number, length: number): void;
}

/** The function's own reads and writes of memory. False: refused on the way; nothing was moved. */
export interface BusMaster {
  read(address: number, into: Uint8Array): boolean;
  write(address: number, bytes: Uint8Array): boolean;
  /** Nanoseconds that reads and writes have taken since the last call. */
  takeLatency(): number;
}

/** A device's timers, by small number, so that what is armed is plain data. */
export interface Timers {
  now(): number;
  /** Runs the device's `onTimer(id)` in `ns` nanoseconds, in place of what was armed for `id`. */
  arm(id: number, ns: number): void;
  disarm(id: number): void;
}

/** Where a scanout's pixels go: rows of R, G, B, A bytes, `stride` bytes apart. */
export interface Display {
  flip(pixels: Uint8Array, width: number, height: number, stride: number): void;
}

export interface Trace {
  /** Records an event and returns its id (0 when off). Arguments as `events` has them. */
  event(kind: EventKind, a: number, b: number, c?: number): number;
  /** What the work at hand is for, to be told when it is taken up again; undefined when off. */
  origin?(): TraceOrigin | undefined;
  /** Takes up work that began elsewhere: the next events are because of that. */
  takeUp?(origin: TraceOrigin): void;
}

/** The request that work serves, and the event that it follows from. */
export interface TraceOrigin {
  readonly request: RequestId;
  readonly cause: EventId;
}

/** All that a device model is handed. It knows nothing of a hypervisor. */
export interface DeviceHost {
  readonly bus: BusMaster;
  readonly timers: Timers;
  readonly trace: Trace;
  readonly display: Display;
  /** A message-signalled interrupt: a memory write of `data` to `address`. */
  message(address: number, data: number): void;
  /** The INTx line. */
  line(high: boolean): void;
  /** Called after a write that moves a BAR or changes what the function decodes. */
  decodeChanged(): void;
}

// ---------------------------------------------------------------------------------- state

/** State as plain data: `load(save())` changes nothing. */
export interface Stateful<S> {
  save(): S;
  load(state: S): void;
}
