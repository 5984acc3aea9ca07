import { expect, it } from 'vitest';
import { hitOf, nearest } from '../../src/timeline/hit.ts';
import { layoutOf, xOf } from '../../src/timeline/layout.ts';
import { trackOf } from '../../src/timeline/track.ts';
import { kinds, sideOf } from './recorded.ts';

const track = trackOf(
  sideOf([
    { kind: 'appCall', time: 0, request: 1 },
    { kind: 'mmioWrite', time: 20, request: 1 },
    { kind: 'mmioWrite', time: 20, request: 1 },
    { kind: 'mmioWrite', time: 20, request: 1 },
    { kind: 'mmioWrite', time: 70, request: 1 },
    { kind: 'appReturn', time: 100, request: 1 },
  ]),
  kinds,
);
const tracks = [track, track];
const layout = layoutOf(tracks, { width: 1100, height: 300, scale: 1, scrolled: 0 });
const view = { from: 0, to: 100 };
const plot = { tracks, layout, view };
const none = (): number => 0;
const rowOf = (wanted: number, lane: number) => {
  const row = layout.rows.find((each) => each.track === wanted && each.lane === lane);
  return row ?? expect.fail('There is no such lane.');
};

it('finds the nearest event of the lane, on either side', () => {
  const { markTop } = rowOf(1, 1);
  expect(hitOf(plot, xOf(layout, view, 69), markTop + 1, none)).toMatchObject({ track: 1, id: 5 });
  expect(hitOf(plot, xOf(layout, view, 99), markTop + 1, none)).toMatchObject({ id: 5 });
});

it('says how far it is', () => {
  const { markTop } = rowOf(0, 1);
  const hit = hitOf(plot, xOf(layout, view, 70) + 7, markTop + 1, none);
  expect(hit?.distance).toBeCloseTo(7);
});

it('finds a bar anywhere in it, and what is beside it below', () => {
  const { barTop, markTop } = rowOf(0, 0);
  const x = xOf(layout, view, 80);
  expect(hitOf(plot, x, barTop + 2, none)).toMatchObject({ id: 1, distance: 0 });
  expect(hitOf(plot, x, markTop + 2, none)).toMatchObject({ id: 6 });
});

it('goes through events of the same time, one click after another', () => {
  const { markTop } = rowOf(0, 1);
  const x = xOf(layout, view, 21);
  const ids = [1, 2, 3, 4].map((current) => hitOf(plot, x, markTop + 1, () => current)?.id);
  expect(ids).toEqual([2, 3, 4, 2]);
});

it('finds nothing in an empty lane, nor between the tracks', () => {
  const { top } = rowOf(0, 2);
  expect(hitOf(plot, 500, top + 5, none)).toBeUndefined();
  expect(hitOf(plot, 500, 0, none)).toBeUndefined();
  expect(nearest(track.lanes[2], 5, 0)).toBeUndefined();
});
