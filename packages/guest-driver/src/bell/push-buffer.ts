/**
 * How packets get to the channel and how one learns that they were executed. All of it is RAM
 * that both sides see: the ring (driver writes, device reads), the command area that the ring
 * points at (likewise), and the fence word (device writes, driver reads).
 */
import { header, PAGE_BYTES, type PciDevice, ringPackets } from '@doorbell/abi';
import type { Undo } from '../undo.ts';
import type { AddressSpace } from './address-space.ts';
import { CircularSpace } from './circular-space.ts';
import { DmaBuffer } from './dma-buffer.ts';
import { Ring } from './ring.ts';

const RING_BYTES = PAGE_BYTES;
const COMMAND_BYTES = 16 * PAGE_BYTES;
/** A stream that is longer gets a buffer of its own: a circle can always hold half of itself. */
const LONGEST = COMMAND_BYTES / 2;

const { INDIRECT, FENCE } = ringPackets;
const INDIRECT_WORDS = INDIRECT.fields.length + 1;
const FENCE_WORDS = FENCE.fields.length + 1;

/** Packets, and where they are on their way through the channel. */
export interface Job {
  /** The fence behind it: modulo 2^32, the value of its FENCE packet. */
  readonly sequence: number;
  readonly packets: Uint32Array;
  /** Where the GPU finds the packets; 0 until they are in RAM. */
  va: number;
  /** A buffer that holds these packets alone. */
  own: DmaBuffer | undefined;
  /** Up to where the command area and the ring are free once the job is over; -1: it has nothing there. */
  commandEnd: number;
  ringEnd: number;
}

export class PushBuffer {
  readonly ringVa: number;
  readonly ringBytes = RING_BYTES;
  readonly fenceVa: number;

  private readonly device: PciDevice;
  private readonly space: AddressSpace;
  private readonly ring: Ring;
  private readonly commands: DmaBuffer;
  private readonly commandSpace = new CircularSpace(COMMAND_BYTES);
  /** Its first word is written by the device alone. */
  private readonly fence: DmaBuffer;
  /** INDIRECT and FENCE, on their way to the ring. */
  private readonly words = new Uint32Array(INDIRECT_WORDS + FENCE_WORDS);
  private readonly both = new Uint8Array(this.words.buffer);
  private readonly fenceAlone = this.both.subarray(INDIRECT_WORDS * 4);

  /** @throws GpuError `out-of-memory` */
  constructor(device: PciDevice, space: AddressSpace, undo: Undo) {
    const buffer = (bytes: number, direction: 'to-device' | 'from-device'): DmaBuffer => {
      const made = new DmaBuffer(device, space, bytes, direction);
      undo.push(() => {
        made.free();
      });
      return made;
    };
    this.device = device;
    this.space = space;
    const ring = buffer(RING_BYTES, 'to-device');
    this.ring = new Ring(device.memory, ring);
    this.ringVa = ring.va;
    this.commands = buffer(COMMAND_BYTES, 'to-device');
    this.fence = buffer(PAGE_BYTES, 'from-device');
    this.fenceVa = this.fence.va;
  }

  /** A job that is not on its way yet. @throws GpuError `out-of-memory` */
  job(sequence: number, packets: Uint32Array): Job {
    const job: Job = { sequence, packets, va: 0, own: undefined, commandEnd: -1, ringEnd: -1 };
    const { byteLength } = packets;
    if (byteLength > LONGEST) {
      job.own = new DmaBuffer(this.device, this.space, byteLength, 'to-device', bytesOf(packets));
      job.va = job.own.va;
    }
    return job;
  }

  /** Puts a job into the ring, not published yet. False while there is no room. */
  push(job: Job): boolean {
    if (job.va === 0 && job.packets.length > 0 && !this.pushPackets(job)) {
      return false;
    }
    const entry = this.ringEntry(job);
    const at = this.ring.place(entry);
    if (at >= 0) {
      // Up to its fence: that one may not be over when its value can be read.
      job.ringEnd = at + entry.length - FENCE_WORDS * 4;
    }
    return at >= 0;
  }

  private pushPackets(job: Job): boolean {
    const at = this.commandSpace.reserve(job.packets.byteLength);
    if (at < 0) {
      return false;
    }
    this.device.memory.copyIn(this.commands.address + at, bytesOf(job.packets));
    job.va = this.commands.va + at;
    job.commandEnd = this.commandSpace.end;
    return true;
  }

  /** `INDIRECT va, words; FENCE sequence, interrupt`: the packets of an empty job are its fence alone. */
  private ringEntry(job: Job): Uint8Array {
    const { words } = this;
    words[0] = header(INDIRECT.opcode, INDIRECT_WORDS);
    words[1] = job.va;
    words[2] = job.packets.length;
    words[3] = header(FENCE.opcode, FENCE_WORDS);
    words[4] = job.sequence;
    words[5] = 1;
    return job.packets.length === 0 ? this.fenceAlone : this.both;
  }

  /** The tail to ring the doorbell with, or undefined when all is published. */
  publish(): number | undefined {
    return this.ring.publish();
  }

  /** The value of the last fence that passed. */
  fenceWord(): number {
    return this.device.memory.load32(this.fence.address);
  }

  /** A job is over: what it held is free. */
  release(job: Job): void {
    if (job.commandEnd >= 0) {
      this.commandSpace.release(job.commandEnd);
    }
    if (job.ringEnd >= 0) {
      this.ring.release(job.ringEnd);
    }
    job.own?.free();
  }

  /** After a channel reset the ring is empty. The packets of these jobs are still where they were. */
  restart(jobs: readonly Job[]): void {
    this.ring.reset();
    for (const job of jobs) {
      job.ringEnd = -1;
    }
  }
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
