import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COMPLETION_BOUNDARY,
  completionPieces,
  requestPieces,
  type Piece,
} from '../../src/tlp/pieces.ts';

const transfer = [fc.nat(2 ** 33), fc.integer({ min: 1, max: 20_000 })] as const;
const size = fc.constantFrom(128, 256, 512, 1024, 2048, 4096);

/** They follow each other without a gap, and are the whole. */
function expectWhole(pieces: readonly Piece[], address: number, bytes: number): void {
  let next = address;
  for (const piece of pieces) {
    expect(piece.address).toBe(next);
    expect(piece.bytes).toBeGreaterThan(0);
    next += piece.bytes;
  }
  expect(next).toBe(address + bytes);
}

describe('2.2.7: requests', () => {
  it('are the whole transfer, none longer than allowed, none across 4 KiB', () => {
    fc.assert(
      fc.property(...transfer, size, (address, bytes, most) => {
        const pieces = [...requestPieces(address, bytes, most)];
        expectWhole(pieces, address, bytes);
        for (const piece of pieces) {
          const last = piece.address + piece.bytes - 1;
          expect(Math.floor(last / 4) - Math.floor(piece.address / 4)).toBeLessThan(most / 4);
          expect(Math.floor(last / 4096)).toBe(Math.floor(piece.address / 4096));
        }
      }),
    );
  });

  it('of a transfer that is aligned are as long as they may be', () => {
    expect([...requestPieces(0x1000, 1024, 512)]).toEqual([
      { address: 0x1000, bytes: 512 },
      { address: 0x1200, bytes: 512 },
    ]);
  });
});

describe('2.3.1.1: completions', () => {
  it('are the whole read, within the payload, and all but the last end at the boundary', () => {
    fc.assert(
      fc.property(...transfer, size, (address, bytes, payload) => {
        const pieces = [...completionPieces(address, bytes, payload)];
        expectWhole(pieces, address, bytes);
        pieces.forEach((piece, index) => {
          const end = piece.address + piece.bytes;
          const words = Math.ceil(end / 4) - Math.floor(piece.address / 4);
          expect(words * 4).toBeLessThanOrEqual(payload);
          expect(index === pieces.length - 1 || end % COMPLETION_BOUNDARY === 0).toBe(true);
        });
      }),
    );
  });

  it('take the payload as far as the boundary lets them', () => {
    expect([...completionPieces(0x21, 300, 128)]).toEqual([
      { address: 0x21, bytes: 0x5f },
      { address: 0x80, bytes: 128 },
      { address: 0x100, bytes: 77 },
    ]);
  });
});
