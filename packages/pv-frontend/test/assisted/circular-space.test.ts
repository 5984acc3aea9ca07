import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CircularSpace } from '../../src/assisted/circular-space.ts';

const SIZE = 64;

test('gives bytes in a row that nobody has, in order, and half of itself when it is empty', () => {
  const bytes = fc.integer({ min: 1, max: SIZE / 2 });
  fc.assert(
    fc.property(fc.array(fc.option(bytes), { maxLength: 80 }), (steps) => {
      const space = new CircularSpace(SIZE);
      const held: { start: number; end: number; bytes: number }[] = [];
      for (const step of steps) {
        if (step === null) {
          const first = held.shift();
          if (first !== undefined) {
            space.release(first.end);
          }
          continue;
        }
        const start = space.reserve(step);
        if (start < 0) {
          expect(held.length).toBeGreaterThan(0);
          continue;
        }
        expect(start + step).toBeLessThanOrEqual(SIZE);
        for (const other of held) {
          expect(start + step <= other.start || other.start + other.bytes <= start).toBe(true);
        }
        held.push({ start, end: space.end, bytes: step });
      }
    }),
  );
});
