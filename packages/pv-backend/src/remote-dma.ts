/** Reads and writes of the driver's memory by messages: large ones in pieces, several under way. */
import { access, type Link, MAX_DMA_REQUESTS } from '@doorbell/wire';
import type { IsWanted } from './guest-memory.ts';
import type { RemoteMemory } from './mirror.ts';
import type { Reach } from './reach.ts';

const PIECE_BYTES = 2 ** 20;

export class RemoteDma implements RemoteMemory {
  private readonly link: Link<'device'>;
  private readonly reach: Reach;
  private underWay = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(link: Link<'device'>, reach: Reach) {
    this.link = link;
    this.reach = reach;
  }

  isMapped(iova: number, bytes: number): boolean {
    return (
      this.reach.covers(iova, bytes, access.READ) || this.reach.covers(iova, bytes, access.WRITE)
    );
  }

  get full(): boolean {
    return this.link.full;
  }

  drained(): Promise<void> {
    return this.link.drained();
  }

  read(iova: number, into: Uint8Array, isWanted: IsWanted): Promise<boolean> {
    return this.pieces(into, async (offset, piece) => {
      const at = iova + offset;
      if (!isWanted() || !this.reach.covers(at, piece.length, access.READ)) {
        return false;
      }
      const answer = await this.link.ask('READ', { iova: at, bytes: piece.length });
      if (answer?.refused !== 0 || answer.data.length !== piece.length) {
        return false;
      }
      piece.set(answer.data);
      this.link.counts.bytesRead += piece.length;
      return true;
    });
  }

  write(iova: number, bytes: Uint8Array, isWanted: IsWanted): Promise<boolean> {
    return this.pieces(bytes, async (offset, data) => {
      // All that waited go on together: each looks again, after what the one before it has sent.
      while (this.link.full) {
        await this.link.drained();
      }
      const at = iova + offset;
      if (!isWanted() || !this.reach.covers(at, data.length, access.WRITE)) {
        return false;
      }
      const answer = await this.link.ask('WRITE', { iova: at, data });
      this.link.counts.bytesWritten += answer?.refused === 0 ? data.length : 0;
      return answer?.refused === 0;
    });
  }

  /** Moves all pieces; true when each was moved. */
  private async pieces(
    bytes: Uint8Array,
    move: (offset: number, piece: Uint8Array) => Promise<boolean>,
  ): Promise<boolean> {
    const moves: Promise<boolean>[] = [];
    for (let offset = 0; offset < bytes.length; offset += PIECE_BYTES) {
      const piece = bytes.subarray(offset, offset + PIECE_BYTES);
      moves.push(this.inTurn(() => move(offset, piece)));
    }
    return (await Promise.all(moves)).every((moved) => moved);
  }

  /** At most as many requests are under way as the driver takes. */
  private async inTurn(move: () => Promise<boolean>): Promise<boolean> {
    if (this.underWay === MAX_DMA_REQUESTS) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    } else {
      this.underWay++;
    }
    try {
      return await move();
    } finally {
      this.next();
    }
  }

  /** Whoever waits takes over the turn. */
  private next(): void {
    const next = this.waiting.shift();
    if (next === undefined) {
      this.underWay--;
    } else {
      next();
    }
  }
}
