/**
 * Jobs on their way through the ring: what each needs in the area, its packets, and behind them a
 * fence that says when they were executed.
 */
import { header, type Memory, ringPackets } from '@doorbell/abi';
import { AREA_BYTES, type ChannelMemory, RING_BYTES } from './channel-memory.ts';
import { CircularSpace } from './circular-space.ts';

const { FENCE, NOP } = ringPackets;
const FENCE_WORDS = FENCE.fields.length + 1;

/** Something for the GPU to do. */
export interface Job {
  /** Bytes that it needs in the area; at most half of it. */
  readonly bytes: number;
  /** Fills them, before the GPU sees them: at an address of the CPU's. */
  readonly fill?: (address: number) => void;
  /** Its fence does not interrupt: nobody is likely to wait for it. */
  readonly isQuiet?: boolean;
  /** Its packets in the ring, when its bytes are at `va`: none, or one. */
  readonly packet: (va: number) => Uint32Array | undefined;
}

/** Where a job is. */
export interface Place {
  readonly job: Job;
  /** Of its bytes in the area; -1: it needs none, or has none yet. */
  at: number;
  /** Up to where area and ring are free once it is over; -1: it has nothing there. */
  areaEnd: number;
  ringEnd: number;
}

export function newPlace(job: Job): Place {
  return { job, at: -1, areaEnd: -1, ringEnd: -1 };
}

export class PushBuffer {
  private readonly memory: Memory;
  private readonly shared: ChannelMemory;
  private readonly area = new CircularSpace(AREA_BYTES);
  private readonly ring = new CircularSpace(RING_BYTES);
  /** What the doorbell last said: up to here the ring is the GPU's. */
  private published = 0;

  constructor(memory: Memory, shared: ChannelMemory) {
    this.memory = memory;
    this.shared = shared;
  }

  /**
   * Puts a job into the ring, not published yet, with a fence of that number behind it. False: there
   * is no room.
   */
  push(place: Place, fence: number, interrupts: boolean): boolean {
    const { job } = place;
    if (job.bytes > 0 && place.at < 0 && !this.fill(place)) {
      return false;
    }
    const packet = job.packet(this.shared.areaVa + place.at) ?? new Uint32Array();
    const words = new Uint32Array(packet.length + FENCE_WORDS);
    words.set(packet);
    words.set(fencePacket(fence, interrupts), packet.length);
    const at = this.putInRing(new Uint8Array(words.buffer));
    if (at >= 0) {
      // Up to its fence: that one may not be over when its value can be read.
      place.ringEnd = at + packet.byteLength;
    }
    return at >= 0;
  }

  /** Puts the fence of the last job there once more, to interrupt this time. False: there is no room. */
  pushInterrupt(fence: number): boolean {
    const words = Uint32Array.from(fencePacket(fence, true));
    return this.putInRing(new Uint8Array(words.buffer)) >= 0;
  }

  private fill(place: Place): boolean {
    const { job } = place;
    place.at = this.area.reserve(Math.ceil(job.bytes / 4) * 4);
    if (place.at < 0) {
      return false;
    }
    place.areaEnd = this.area.end;
    job.fill?.(this.addressOf(place));
    return true;
  }

  /** Of a job's bytes, as the CPU sees them. */
  addressOf({ at }: Place): number {
    return this.shared.area + at;
  }

  private putInRing(bytes: Uint8Array): number {
    const { end } = this.ring;
    const at = this.ring.reserve(bytes.length);
    if (at < 0) {
      return -1;
    }
    if (at !== end) {
      // A packet must not reach past the ring's end: a NOP fills what is left there.
      this.memory.store32(this.shared.ring + end, header(NOP.opcode, (RING_BYTES - end) / 4));
    }
    this.memory.copyIn(this.shared.ring + at, bytes);
    return at;
  }

  /** The tail to ring the doorbell with; undefined: all is published. */
  publish(): number | undefined {
    if (this.published === this.ring.end) {
      return undefined;
    }
    this.published = this.ring.end;
    return this.published;
  }

  /** A job is over. */
  release({ areaEnd, ringEnd }: Place): void {
    if (areaEnd >= 0) {
      this.area.release(areaEnd);
    }
    if (ringEnd >= 0) {
      this.ring.release(ringEnd);
    }
  }

  /** The channel begins anew, with an empty ring. What its jobs have in the area is there still. */
  restart(places: readonly Place[]): void {
    this.ring.reset();
    this.published = 0;
    for (const place of places) {
      place.ringEnd = -1;
    }
  }
}

function fencePacket(fence: number, interrupts: boolean): number[] {
  return [header(FENCE.opcode, FENCE_WORDS), fence, interrupts ? 1 : 0];
}
