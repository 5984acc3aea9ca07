import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StateTable } from './state-table.ts';

it('numbers rows as a map by their text does', () => {
  const row = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 200 }), (rows) => {
      const table = new StateTable(3);
      const numbers = new Map<string, number>();
      for (const one of rows) {
        const known = numbers.get(one.join()) ?? numbers.size;
        numbers.set(one.join(), known);
        expect(table.add(Int32Array.from(one))).toBe(known);
      }
      expect(table.count).toBe(numbers.size);
    }),
  );
});

it('keeps its rows when it grows', () => {
  const table = new StateTable(2);
  for (let i = 0; i < 20_000; i++) {
    expect(table.add(Int32Array.of(i, i * 7))).toBe(i);
  }
  for (let i = 0; i < 20_000; i++) {
    expect(table.add(Int32Array.of(i, i * 7))).toBe(i);
    expect(table.get(i, 1)).toBe(i * 7);
  }
});
