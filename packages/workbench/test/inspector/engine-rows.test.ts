/** The rows of a chart of the engines, of two tenants: what lies at a time, and what lies beside it. */
import { expect, it } from 'vitest';
import { rowsOf, stretchAt, stretchBeside, stretchText } from '../../src/inspector/engine-rows.ts';

type Bounds = readonly (readonly [from: number, to: number, event: number])[];

const columns = (bounds: Bounds) => ({
  starts: Float64Array.from(bounds, ([from]) => from),
  ends: Float64Array.from(bounds, ([, to]) => to),
  events: Uint32Array.from(bounds, ([, , event]) => event),
});

const none = columns([]);
const ORIGIN = 1000;
const rows = rowsOf(
  {
    tenants: [
      {
        ...{ tenant: 0, kept: columns([[1500, 1600, 8]]), heldBack: none },
        ran: columns([
          [1100, 1500, 7],
          [1600, 1700, 12],
        ]),
        behind: none,
      },
      {
        ...{ tenant: 1, kept: none, heldBack: columns([[1500, 1600, 6]]) },
        ran: columns([[1700, 1900, 20]]),
        behind: columns([
          [1200, 1500, 6],
          [1600, 1700, 6],
        ]),
      },
    ],
  },
  ORIGIN,
);

it('times are of the axis, and what a tenant does then is found', () => {
  expect(stretchAt(rows[0], 300, 0)).toEqual({
    ...{ tenant: 0, doing: 'ran', from: 100, to: 500, event: 7 },
  });
  expect(stretchAt(rows[0], 550, 0)).toMatchObject({ doing: 'kept', event: 8 });
  expect(stretchAt(rows[1], 550, 0)).toMatchObject({ doing: 'heldBack', from: 500, to: 600 });
  expect(stretchAt(rows[1], 50, 0)).toBeUndefined();
});

it('what is missed by less than the slack is found, the nearest', () => {
  expect(stretchAt(rows[0], 90, 20)).toMatchObject({ from: 100 });
  expect(stretchAt(rows[0], 70, 20)).toBeUndefined();
  expect(stretchAt(rows[1], 905, 300)).toMatchObject({ doing: 'ran', from: 700 });
});

it('goes from one stretch to the next, and to the one before, whatever they are', () => {
  const doings: string[] = [];
  for (
    let at = stretchBeside(rows[1], 0, 'later');
    at;
    at = stretchBeside(rows[1], at.from, 'later')
  ) {
    doings.push(`${at.doing} ${at.from}`);
  }
  expect(doings).toEqual(['behind 200', 'heldBack 500', 'behind 600', 'ran 700']);
  expect(stretchBeside(rows[1], 700, 'earlier')).toMatchObject({ doing: 'behind', from: 600 });
  expect(stretchBeside(rows[1], 200, 'earlier')).toBeUndefined();
});

it('is told in one line', () => {
  const text = (time: number) => stretchText(stretchAt(rows[1], time, 0)!);
  expect(text(550)).toBe('tenant 1 waits, nobody runs: 100 ns from 500 ns on (#6)');
});
