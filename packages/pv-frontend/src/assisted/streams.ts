/** Packet streams: through the area, or when they are long in RAM of their own, mapped for them alone. */
import {
  encodeRecord,
  type CoherentMemory,
  type GpuError,
  header,
  PAGE_BYTES,
  ringPackets,
} from '@doorbell/abi';
import type { FrontendParts } from '../options.ts';
import { isOutOfMemory, outOfMemory } from '../placement.ts';
import type { AddressSpace } from './address-space.ts';
import { AREA_BYTES } from './channel-memory.ts';
import type { HostRequests } from './host-requests.ts';
import type { Job } from './push-buffer.ts';

const { INDIRECT } = ringPackets;
/** A circle can always hold half of itself. */
const LONGEST = AREA_BYTES / 2;

export function isLong(packets: Uint32Array): boolean {
  return packets.byteLength > LONGEST;
}

function indirect(va: number, words: number): Uint32Array {
  return Uint32Array.of(header(INDIRECT.opcode, INDIRECT.fields.length + 1), va, words);
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** One that is not long. */
export function streamJob({ memory }: FrontendParts, packets: Uint32Array): Job {
  return {
    bytes: packets.byteLength,
    fill: (address) => {
      memory.copyIn(address, bytesOf(packets));
    },
    packet: (va) => (packets.length === 0 ? undefined : indirect(va, packets.length)),
  };
}

/** RAM that holds a long stream, until `free`. */
export class LongStream {
  readonly job: Job;
  private readonly parts: FrontendParts;
  private readonly host: HostRequests;
  private readonly space: AddressSpace;
  private readonly memory: CoherentMemory;
  private readonly pages: number;
  private readonly va: number;

  /** @throws GpuError `out-of-memory` */
  constructor(parts: FrontendParts, host: HostRequests, space: AddressSpace, packets: Uint32Array) {
    const { byteLength } = packets;
    this.parts = parts;
    this.host = host;
    this.space = space;
    this.pages = Math.ceil(byteLength / PAGE_BYTES);
    this.va = space.take(this.pages);
    try {
      // Whole pages: the host maps no less.
      this.memory = parts.dma.allocateCoherent(this.pages * PAGE_BYTES);
    } catch (error) {
      space.give(this.va, this.pages);
      throw isOutOfMemory(error) ? outOfMemory(byteLength) : error;
    }
    parts.memory.copyIn(this.memory.address, bytesOf(packets));
    this.job = { bytes: 0, packet: () => indirect(this.va, packets.length) };
  }

  /** Has the host map it. */
  map(ended: (error: GpuError | undefined) => void): void {
    const { va, pages } = this;
    const { iova } = this.memory;
    this.host.now(encodeRecord('MAP', { va, pages, address: iova, writable: 0 }), (error) => {
      if (error !== undefined) {
        this.release();
      }
      ended(error);
    });
  }

  /** It was mapped, and nobody needs it any more. The pages are ours again once the host has let go of them. */
  free(): void {
    this.host.later(encodeRecord('UNMAP', { va: this.va }), () => {
      this.release();
    });
  }

  private release(): void {
    this.parts.dma.freeCoherent(this.memory);
    this.space.give(this.va, this.pages);
  }
}
