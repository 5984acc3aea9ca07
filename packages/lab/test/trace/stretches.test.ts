/** What two sets of stretches have in common. */
import { describe, expect, it } from 'vitest';
import { joined, overlapOf, without, type Stretch } from '../../src/trace/stretches.ts';

function stretches(...bounds: readonly (readonly [number, number])[]): readonly Stretch[] {
  return bounds.map(([from, to], index) => ({ from, to, event: index + 1 }));
}

const times = (found: readonly Stretch[]) => found.map(({ from, to, event }) => [from, to, event]);

describe('stretches of time', () => {
  const waits = stretches([0, 10], [20, 40]);
  const busy = stretches([2, 4], [8, 25], [30, 31], [40, 50]);

  it('are cut where others lie, and each piece keeps its event', () => {
    expect(times(overlapOf(waits, busy))).toEqual([
      [2, 4, 1],
      [8, 10, 1],
      [20, 25, 2],
      [30, 31, 2],
    ]);
    expect(times(without(waits, busy))).toEqual([
      [0, 2, 1],
      [4, 8, 1],
      [25, 30, 2],
      [31, 40, 2],
    ]);
  });

  it('are whole where there are no others', () => {
    expect(without(waits, []).map(({ from, to }) => [from, to])).toEqual([
      [0, 10],
      [20, 40],
    ]);
    expect(overlapOf(waits, [])).toEqual([]);
  });

  it('are one where they touch or overlap, in whatever order they come', () => {
    expect(
      joined(stretches([5, 7], [0, 3], [3, 4], [6, 9])).map((each) => [each.from, each.to]),
    ).toEqual([
      [0, 4],
      [5, 9],
    ]);
  });
});
