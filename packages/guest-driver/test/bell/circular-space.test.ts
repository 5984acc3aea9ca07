import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CircularSpace } from '../../src/bell/circular-space.ts';

it('skips the end when a reservation would be split', () => {
  const space = new CircularSpace(64);
  expect(space.reserve(40)).toBe(0);
  const first = space.end;
  expect(space.reserve(20)).toBe(40);
  space.release(first);
  expect(space.reserve(8)).toBe(0);
});

it('has no room while head and tail would become equal', () => {
  const space = new CircularSpace(64);
  expect(space.reserve(64)).toBe(-1);
  expect(space.reserve(32)).toBe(0);
  expect(space.reserve(32)).toBe(-1);
  expect(space.reserve(28)).toBe(32);
});

it('uses the last byte when the start is free', () => {
  const space = new CircularSpace(64);
  space.reserve(32);
  space.release(space.end);
  expect(space.reserve(32)).toBe(32);
  expect(space.end).toBe(0);
});

it('never hands out a byte twice, and holds half of itself when it is empty', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 32 })), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(steps, (script) => {
      const space = new CircularSpace(64);
      const held: { at: number; bytes: number; end: number }[] = [];
      for (const [take, bytes] of script) {
        if (take) {
          const at = space.reserve(bytes);
          if (at < 0) {
            expect(held.length).toBeGreaterThan(0);
            continue;
          }
          expect(at + bytes).toBeLessThanOrEqual(64);
          for (const other of held) {
            expect(at + bytes <= other.at || other.at + other.bytes <= at).toBe(true);
          }
          held.push({ at, bytes, end: space.end });
        } else {
          const oldest = held.shift();
          if (oldest !== undefined) {
            space.release(oldest.end);
          }
        }
      }
    }),
  );
});
