import { expect, it } from 'vitest';
import { judge, type FigureRow } from '../../src/shapes/shape.ts';

function verdict(rows: readonly Omit<FigureRow, 'label' | 'unit'>[], values: readonly number[]) {
  const labelled = rows.map((row, index) => ({ label: `row ${index}`, unit: 'ns', ...row }));
  const { holds, figures } = judge({ rows: labelled }, values);
  return { holds, each: figures.map((figure) => figure.holds) };
}

it('holds when each figure lies in its band, whose ends belong to it', () => {
  const rows = [{ band: { least: 3, most: 10 } }, { band: { least: 1 } }, { band: { most: 2 } }];
  expect(verdict(rows, [3, 1, 2])).toEqual({ holds: true, each: [true, true, true] });
  expect(verdict(rows, [10.1, 1, -5])).toEqual({ holds: false, each: [false, true, true] });
  expect(verdict(rows, [5, 0.9, 2.1])).toEqual({ holds: false, each: [true, false, false] });
});

it('compares a figure with the one before it', () => {
  const rows = [{}, { follows: 'at least' }, { follows: 'above' }, { follows: 'below' }] as const;
  expect(verdict(rows, [1, 1, 2, 1])).toEqual({
    holds: true,
    each: [undefined, true, true, true],
  });
  expect(verdict(rows, [1, 0.9, 0.9, 0.9]).each).toEqual([undefined, false, false, false]);
});

it('asks nothing of a figure that is there to be read', () => {
  expect(verdict([{}, { band: { most: 1 } }], [Infinity, 0])).toEqual({
    holds: true,
    each: [undefined, true],
  });
});
