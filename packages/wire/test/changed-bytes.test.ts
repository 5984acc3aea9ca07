import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangedBytes } from '../src/changed-bytes.ts';

function runs(changed: ChangedBytes): [number, number][] {
  const found: [number, number][] = [];
  changed.take((offset, length) => found.push([offset, length]));
  return found;
}

describe('ChangedBytes', () => {
  it('merges what touches and nothing else', () => {
    const changed = new ChangedBytes(256);
    changed.markAligned(100, 4);
    changed.markAligned(8, 2);
    changed.markAligned(10, 2);
    changed.mark(104, 1);
    changed.mark(13, 1);
    expect(runs(changed)).toEqual([
      [8, 4],
      [13, 1],
      [100, 5],
    ]);
  });

  it('goes across words', () => {
    const changed = new ChangedBytes(256);
    changed.mark(30, 100);
    expect(runs(changed)).toEqual([[30, 100]]);
  });

  it('forgets what was taken', () => {
    const changed = new ChangedBytes(64);
    changed.mark(0, 64);
    expect([changed.any, runs(changed), changed.any, runs(changed)]).toEqual([
      true,
      [[0, 64]],
      false,
      [],
    ]);
  });

  it('is what a list of booleans says, for all changes', () => {
    const change = fc.record({ offset: fc.nat(299), length: fc.integer({ min: 0, max: 80 }) });
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 12 }), { maxLength: 3 }), (rounds) => {
        const changed = new ChangedBytes(300);
        for (const changes of rounds) {
          const model = new Uint8Array(300);
          for (const { offset, length } of changes) {
            const within = Math.min(length, 300 - offset);
            changed.mark(offset, within);
            model.fill(1, offset, offset + within);
          }
          const found = runs(changed);
          const seen = new Uint8Array(300);
          found.forEach(([offset, length]) => seen.fill(1, offset, offset + length));
          expect(seen).toEqual(model);
          // A gap lies between each two.
          found.forEach(([offset], index) => {
            const [before, length] = found[index - 1] ?? [-2, 1];
            expect(offset).toBeGreaterThan(before + length);
          });
        }
      }),
    );
  });
});
