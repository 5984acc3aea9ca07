import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CoherentHeap } from '../src/coherent-heap.ts';

const heap = (bytes: number): CoherentHeap =>
  new CoherentHeap({ address: 0x1000, iova: 0x9000, bytes });

test('gives pieces that do not overlap, and the same again once they came back', () => {
  const pieces = heap(256);
  expect([pieces.take(100), pieces.take(1), pieces.take(64), pieces.take(1)]).toEqual([
    0, 128, 192, -1,
  ]);
  pieces.give(128, 1);
  expect(pieces.take(65)).toBe(-1);
  expect(pieces.take(64)).toBe(128);
});

test('an offset has an address and an IOVA', () => {
  expect(heap(64).address(8)).toBe(0x1008);
  expect(heap(64).iova(8)).toBe(0x9008);
});

test('whatever is taken and given, pieces are apart, and all comes back', () => {
  const step = fc.record({ bytes: fc.integer({ min: 1, max: 700 }), give: fc.nat() });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const pieces = heap(4096);
      const held: { at: number; bytes: number }[] = [];
      for (const { bytes, give } of steps) {
        const at = pieces.take(bytes);
        if (at >= 0) {
          expect(at + bytes).toBeLessThanOrEqual(4096);
          for (const other of held) {
            expect(at + bytes <= other.at || other.at + other.bytes <= at).toBe(true);
          }
          held.push({ at, bytes });
        }
        if (give % 3 === 0) {
          for (const gone of held.splice(give % (held.length + 1), 1)) {
            pieces.give(gone.at, gone.bytes);
          }
        }
      }
      held.forEach(({ at, bytes }) => {
        pieces.give(at, bytes);
      });
      expect(pieces.take(4096)).toBe(0);
    }),
  );
});
