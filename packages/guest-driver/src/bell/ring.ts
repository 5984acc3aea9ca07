/**
 * The channel's ring, in RAM: the driver places packets, the device takes them. What is placed
 * and what is published are two indices, so that one doorbell can publish many packets.
 */
import { header, type Memory, ringPackets } from '@doorbell/abi';
import { CircularSpace } from './circular-space.ts';
import type { DmaBuffer } from './dma-buffer.ts';

/** The ring's place in RAM. */
type RingBuffer = Pick<DmaBuffer, 'address' | 'bytes'>;

export class Ring {
  /** Its head moves when a fence has passed; its tail is ours alone. */
  private readonly space: CircularSpace;
  /** What the doorbell last said: up to here the packets are the device's. */
  private published = 0;
  private readonly memory: Memory;
  private readonly buffer: RingBuffer;

  constructor(memory: Memory, buffer: RingBuffer) {
    this.memory = memory;
    this.buffer = buffer;
    this.space = new CircularSpace(buffer.bytes);
  }

  /** Writes packets where the device does not look yet. Gives where they begin, or -1: the ring is full. */
  place(packets: Uint8Array): number {
    const { end } = this.space;
    const at = this.space.reserve(packets.length);
    if (at < 0) {
      return -1;
    }
    if (at !== end) {
      // A packet must not reach past the ring's end: a NOP fills what is left there.
      const rest = (this.buffer.bytes - end) / 4;
      this.memory.store32(this.buffer.address + end, header(ringPackets.NOP.opcode, rest));
    }
    this.memory.copyIn(this.buffer.address + at, packets);
    return at;
  }

  /** The tail to ring the doorbell with, or undefined when all is published. */
  publish(): number | undefined {
    if (this.published === this.space.end) {
      return undefined;
    }
    this.published = this.space.end;
    return this.published;
  }

  /** The device has passed everything before `offset`. */
  release(offset: number): void {
    this.space.release(offset);
  }

  /** As the device's own indices after a channel reset. */
  reset(): void {
    this.space.reset();
    this.published = 0;
  }
}
