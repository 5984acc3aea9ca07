/**
 * Where a command lies while the device has it: its fixed part, what follows, and room for the
 * response, in memory that both see. Long ones get memory of their own.
 */
import {
  type Chain,
  type CoherentMemory,
  ctrlHeader,
  type Dma,
  GpuError,
  gpuFlags,
  type Memory,
  PAGE_BYTES,
} from '@doorbell/abi';
import type { CoherentHeap } from './coherent-heap.ts';
import type { Request } from './requests.ts';

/** What follows the fixed part lies in the heap up to so many bytes. */
const SHORT_BYTES = 16 << 10;
/** The least that a piece of a long payload has, but the last; its pieces are scattered. */
const PIECE_BYTES = 64 << 10;
/** The most pieces. Longer payloads have larger ones, of whole pages. */
const MOST_PIECES = 8;
/** Buffers of a chain beside them: the fixed part and the response. */
const OTHER_BUFFERS = 2;

const { flags, fence_id } = ctrlHeader.offsets;

export interface Placed {
  /** In the heap: fixed part, short payload, response, in one piece. */
  readonly offset: number;
  readonly bytes: number;
  readonly answerAt: number;
  /** A long payload. */
  readonly own: readonly CoherentMemory[];
}

export class Placement {
  private readonly memory: Memory;
  private readonly dma: Dma;
  private readonly heap: CoherentHeap;

  private readonly mostPieces: number;

  /** @param mostBuffers  of a chain. */
  constructor(memory: Memory, dma: Dma, heap: CoherentHeap, mostBuffers: number) {
    this.memory = memory;
    this.dma = dma;
    this.heap = heap;
    this.mostPieces = Math.min(MOST_PIECES, mostBuffers - OTHER_BUFFERS);
  }

  /**
   * Writes a command to memory, and its buffers to `chain`. Undefined: there is no room.
   * @param fence  its number, when it is fenced.
   * @param last  no command is under way, so that no room will come.
   * @throws GpuError `out-of-memory` then.
   */
  place(request: Request, fence: number, chain: Chain, last: boolean): Placed | undefined {
    const payload = request.payload ?? new Uint8Array();
    const short = payload.length <= SHORT_BYTES ? payload.length : 0;
    const answerAt = request.head.length + short;
    const bytes = answerAt + request.answerBytes;
    const own = this.longOf(payload.length - short, last);
    const offset = own === undefined ? -1 : this.heap.take(bytes);
    if (own === undefined || offset < 0) {
      this.free(own ?? []);
      return undefined;
    }
    const placed = { offset, bytes, answerAt, own };
    this.write(request, fence, placed);
    this.describe(request, short, placed, chain);
    return placed;
  }

  private write({ head, payload, fenced }: Request, fence: number, placed: Placed): void {
    const address = this.heap.address(placed.offset);
    if (fenced) {
      const view = new DataView(head.buffer, head.byteOffset, head.length);
      view.setUint32(flags, gpuFlags.FENCE, true);
      view.setUint32(fence_id, fence >>> 0, true);
      view.setUint32(fence_id + 4, Math.floor(fence / 2 ** 32), true);
    }
    this.memory.copyIn(address, head);
    if (payload === undefined) {
      return;
    }
    if (placed.own.length === 0) {
      this.memory.copyIn(address + head.length, payload);
    }
    let at = 0;
    for (const piece of placed.own) {
      this.memory.copyIn(piece.address, payload.subarray(at, at + piece.bytes));
      at += piece.bytes;
    }
  }

  /** §2.7.4.2: what the device reads comes before what it writes. */
  private describe(request: Request, short: number, placed: Placed, chain: Chain): void {
    const iova = this.heap.iova(placed.offset);
    chain.clear();
    chain.push(iova, request.head.length, false);
    if (short > 0) {
      chain.push(iova + request.head.length, short, false);
    }
    let left = (request.payload?.length ?? 0) - short;
    for (const piece of placed.own) {
      chain.push(piece.iova, Math.min(piece.bytes, left), false);
      left -= piece.bytes;
    }
    if (request.answerBytes > 0) {
      chain.push(iova + placed.answerAt, request.answerBytes, true);
    }
  }

  /** Memory for a long payload. Undefined: none is free now. */
  private longOf(bytes: number, last: boolean): CoherentMemory[] | undefined {
    const pages = Math.ceil(bytes / this.mostPieces / PAGE_BYTES);
    const piece = Math.max(PIECE_BYTES, pages * PAGE_BYTES);
    const own: CoherentMemory[] = [];
    try {
      for (let left = bytes; left > 0; left -= piece) {
        own.push(this.dma.allocateCoherent(Math.min(piece, left)));
      }
      return own;
    } catch (error) {
      this.free(own);
      if (!isOutOfMemory(error) || last) {
        throw isOutOfMemory(error) ? outOfMemory(bytes) : error;
      }
      return undefined;
    }
  }

  /** What the device wrote. */
  response(placed: Placed, length: number): Uint8Array {
    const into = new Uint8Array(Math.min(length, placed.bytes - placed.answerAt));
    this.memory.copyOut(this.heap.address(placed.offset) + placed.answerAt, into);
    return into;
  }

  give(placed: Placed): void {
    this.heap.give(placed.offset, placed.bytes);
    this.free(placed.own);
  }

  private free(own: readonly CoherentMemory[]): void {
    for (const piece of own) {
      this.dma.freeCoherent(piece);
    }
  }
}

/** Whether the kernel's allocator threw it. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.name === 'OutOfMemory';
}

export function outOfMemory(bytes: number): GpuError {
  return new GpuError('out-of-memory', `virtio-gpu: no ${bytes} bytes of RAM are free.`);
}
