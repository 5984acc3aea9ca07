import { expect, it } from 'vitest';
import { copyCounts, newCounts, restoreCounts } from '../../src/bell/counts.ts';

it('counts are restored from a copy, in place and in depth', () => {
  const counts = newCounts();
  const { busyNs } = counts;
  counts.packets = 3;
  counts.busyNs.copy = 5;
  const saved = copyCounts(counts);
  counts.packets = 4;
  counts.busyNs.copy = 6;
  expect(saved.busyNs.copy).toBe(5);
  restoreCounts(counts, saved);
  expect([counts.packets, counts.busyNs.copy]).toEqual([3, 5]);
  expect(counts.busyNs).toBe(busyNs);
});
