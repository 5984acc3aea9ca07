/**
 * A split virtqueue of a mock device: takes what the driver made available, and gives it back, or keeps
 * it and looks whether the driver leaves it as it is.
 */
import { Chain, type QueueSetup, type RingOptions } from '@doorbell/abi';
import { SplitDeviceQueue } from '@doorbell/pv-backend';
import type { Breaks } from './rules.ts';
import type { StrictMemory } from './strict-memory.ts';

const DESCRIPTOR_BYTES = 16;
const MOST_BUFFERS = 1024;

/** A place in memory, and what was there. */
interface Kept {
  readonly at: number;
  readonly before: Uint8Array;
}

export class MockQueue {
  readonly onUsed: () => void;
  private readonly setup: QueueSetup;
  private readonly ring: SplitDeviceQueue;
  private readonly memory: StrictMemory;
  private readonly breaks: Breaks;
  /** What was taken last. */
  private readonly chain = new Chain(MOST_BUFFERS);
  /** Of chains that are never given back. */
  private readonly kept: Kept[] = [];

  /** @throws RingError when the setup is none that there can be. */
  constructor(
    memory: StrictMemory,
    breaks: Breaks,
    setup: QueueSetup,
    options: RingOptions,
    onUsed: () => void,
  ) {
    this.memory = memory;
    this.breaks = breaks;
    this.setup = setup;
    this.onUsed = onUsed;
    this.ring = new SplitDeviceQueue(memory.device, setup, options);
    this.ring.enableNotifications();
  }

  /** The bytes of the next command; undefined: there is none. @throws RingError */
  take(): Uint8Array | undefined {
    const { chain, ring } = this;
    while (!ring.next(chain)) {
      if (ring.enableNotifications()) {
        return undefined;
      }
    }
    const parts = this.buffers(0, chain.readable).map(({ at, bytes }) => this.bytesAt(at, bytes));
    return Uint8Array.from(parts.flatMap((part) => [...part]));
  }

  private buffers(from: number, to: number): readonly { at: number; bytes: number }[] {
    const { addresses, lengths } = this.chain;
    return Array.from({ length: to - from }, (_, index) => ({
      at: addresses[from + index],
      bytes: lengths[from + index],
    }));
  }

  private bytesAt(at: number, bytes: number): Uint8Array {
    const into = new Uint8Array(bytes);
    if (!this.memory.fetchNow(at, into)) {
      this.breaks('6.1/reach', `a buffer at 0x${at.toString(16)}`);
    }
    return into;
  }

  /**
   * Gives the command back with a response. False: there is no room for all of it.
   * @param usedLength  what is said of the length, if it is not the truth.
   */
  put(response: Uint8Array, usedLength?: number): boolean {
    const { chain, ring, memory } = this;
    let written = 0;
    for (const { at, bytes } of this.buffers(chain.readable, chain.count)) {
      const part = response.subarray(written, written + bytes);
      memory.storeNow(at, part);
      written += part.length;
    }
    ring.put(chain.id, written);
    const isNotified = ring.publish();
    if (usedLength !== undefined) {
      this.lie(usedLength);
    }
    if (isNotified) {
      this.onUsed();
    }
    return written === response.length;
  }

  /** The last entry of the used ring gets another length, before the driver looks (§2.7.8). */
  private lie(length: number): void {
    const { device, size } = this.setup;
    const last = (this.memory.device.load16(device + 2) - 1) & 0xffff;
    this.memory.device.store32(device + 8 + 8 * (last % size), length);
  }

  /** The command is never given back. */
  keep(): void {
    const { chain, setup } = this;
    const head = setup.descriptors + DESCRIPTOR_BYTES * chain.id;
    const places = [{ at: head, bytes: DESCRIPTOR_BYTES }, ...this.buffers(0, chain.readable)];
    for (const { at, bytes } of places) {
      this.kept.push({ at, before: this.bytesAt(at, bytes) });
    }
  }

  /** Before the driver has everything back: whether it has changed what the device has still. */
  checkKept(): void {
    for (const { at, before } of this.kept) {
      const now = this.bytesAt(at, before.length);
      if (now.some((byte, index) => byte !== before[index])) {
        this.breaks('3.3.1/unaltered', `bytes at 0x${at.toString(16)} were changed`);
      }
    }
  }

  /** Whether the device may touch a part of a range: the rings, and what it keeps. */
  uses(iova: number, bytes: number): boolean {
    const { descriptors, driver, device } = this.setup;
    const places = [
      ...[descriptors, driver, device].map((at) => ({ at, length: 1 })),
      ...this.kept.map(({ at, before }) => ({ at, length: before.length })),
    ];
    return places.some(({ at, length }) => at < iova + bytes && iova < at + length);
  }
}
