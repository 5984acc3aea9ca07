/**
 * RAM behind a resource, as a scatter list: pieces that need not lie together, each mapped for the
 * device.
 */
import type { MemoryEntry } from './requests.ts';
import { PAGE_BYTES } from '@doorbell/abi';
import type { FrontendParts } from './options.ts';
import { isOutOfMemory, outOfMemory } from './placement.ts';

/** A piece, while the memory is not too fragmented. */
const PIECE_BYTES = 64 << 10;

interface Piece extends MemoryEntry {
  /** Where it begins in the resource. */
  readonly at: number;
  readonly address: number;
}

export class Backing {
  private readonly parts: FrontendParts;
  private readonly pieces: Piece[] = [];

  /** Zeros. @throws GpuError `out-of-memory` */
  constructor(parts: FrontendParts, bytes: number) {
    this.parts = parts;
    try {
      for (let at = 0; at < bytes;) {
        at += this.add(at, Math.min(PIECE_BYTES, bytes - at));
      }
    } catch (error) {
      this.free();
      throw isOutOfMemory(error) ? outOfMemory(bytes) : error;
    }
  }

  /** Adds a piece of so many bytes, or else of a page. Returns its bytes. */
  private add(at: number, wanted: number): number {
    const { memory, dma } = this.parts;
    let bytes = wanted;
    let address;
    try {
      address = memory.allocate(bytes);
    } catch (error) {
      if (!isOutOfMemory(error) || bytes <= PAGE_BYTES) {
        throw error;
      }
      bytes = PAGE_BYTES;
      address = memory.allocate(bytes);
    }
    try {
      this.pieces.push({ at, address, bytes, iova: dma.map(address, bytes, 'both') });
    } catch (error) {
      memory.free(address);
      throw error;
    }
    return bytes;
  }

  get entries(): readonly MemoryEntry[] {
    return this.pieces;
  }

  copyIn(offset: number, bytes: Uint8Array): void {
    this.eachPart(offset, bytes.length, (address, from, to) => {
      this.parts.memory.copyIn(address, bytes.subarray(from, to));
    });
  }

  copyOut(offset: number, into: Uint8Array): void {
    this.eachPart(offset, into.length, (address, from, to) => {
      this.parts.memory.copyOut(address, into.subarray(from, to));
    });
  }

  /** Runs `visit` for each part of a range that lies together: its address, and where it is in the range. */
  private eachPart(
    offset: number,
    bytes: number,
    visit: (address: number, from: number, to: number) => void,
  ): void {
    const end = offset + bytes;
    for (const piece of this.pieces) {
      const from = Math.max(offset, piece.at);
      const to = Math.min(end, piece.at + piece.bytes);
      if (from < to) {
        visit(piece.address + from - piece.at, from - offset, to - offset);
      }
    }
  }

  free(): void {
    const { memory, dma } = this.parts;
    for (const { address, iova, bytes } of this.pieces.splice(0)) {
      dma.unmap(iova, bytes);
      memory.free(address);
    }
  }
}
