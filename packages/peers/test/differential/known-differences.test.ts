import { expect, it } from 'vitest';
import { placesOf } from '../../src/differential/known-difference.ts';
import { knownDifferences } from '../../src/differential/known-differences.ts';

it('each known difference has an id of its own, which begins with the device', () => {
  const ids = knownDifferences.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, device } of knownDifferences) {
    expect(id.startsWith(`${device}/`), id).toBe(true);
  }
});

it('each says what both do, and why, in sentences', () => {
  for (const { id, ours, qemu, why } of knownDifferences) {
    for (const text of [ours, qemu, why]) {
      expect(text, id).toMatch(/^\S.*\.$/);
    }
  }
});

it('each excuses less than everything, wherever it is met', () => {
  for (const row of knownDifferences.filter(({ isAvoided }) => isAvoided !== true)) {
    for (const [where, excuses] of placesOf(row)) {
      const isNarrow = excuses.some(({ bits, values, holds }) => bits ?? values ?? holds);
      expect(isNarrow, `${row.id}: ${where}`).toBe(true);
    }
  }
});
