import { expect, it } from 'vitest';
import { atEdge, boundsOf, following, moved, within, zoomed } from '../../src/timeline/view.ts';

const bounds = { from: -10, to: 1010 };

it('leaves a little room at either end', () => {
  expect(boundsOf(0, 1000)).toEqual({ from: -20, to: 1020 });
});

it('stays within the bounds', () => {
  expect(within({ from: -50, to: 50 }, bounds)).toEqual({ from: -10, to: 90 });
  expect(within({ from: 1000, to: 1100 }, bounds)).toEqual({ from: 910, to: 1010 });
  expect(within({ from: -5000, to: 5000 }, bounds)).toEqual(bounds);
});

it('keeps what is under the pointer where it is', () => {
  expect(zoomed({ from: 0, to: 400 }, 0.5, 100, bounds)).toEqual({ from: 50, to: 250 });
});

it('zooms no closer than eight nanoseconds, and no further than all', () => {
  expect(zoomed({ from: 100, to: 110 }, 0.01, 105, bounds)).toEqual({ from: 101, to: 109 });
  expect(zoomed({ from: 100, to: 110 }, 1e9, 105, bounds)).toEqual(bounds);
});

it('moves by a part of what is seen, as far as there is something', () => {
  expect(moved({ from: 100, to: 200 }, 0.5, bounds)).toEqual({ from: 150, to: 250 });
  expect(moved({ from: 100, to: 200 }, -9, bounds)).toEqual({ from: -10, to: 90 });
  expect(atEdge({ from: 100, to: 200 }, 'start', bounds)).toEqual({ from: -10, to: 90 });
  expect(atEdge({ from: 100, to: 200 }, 'end', bounds)).toEqual({ from: 910, to: 1010 });
});

it('follows an event that is out of view, and stays where one is in view', () => {
  const view = { from: 100, to: 200 };
  expect(following(view, 150, bounds)).toBe(view);
  expect(following(view, 500, bounds)).toEqual({ from: 450, to: 550 });
});
