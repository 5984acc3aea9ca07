import { expect, it } from 'vitest';
import { detailsOf, summaryOf } from '../../src/timeline/summary.ts';
import { trackOf } from '../../src/timeline/track.ts';
import { GUEST, kinds, sideOf } from './recorded.ts';

const track = trackOf(
  sideOf(
    [
      { kind: 'exit', time: 500 },
      { kind: 'appCall', time: 1000, request: GUEST + 7 },
      { kind: 'appReturn', time: 3500, request: GUEST + 7 },
    ],
    1,
  ),
  kinds,
);

it('says in words what a run is, and where one stands', () => {
  const place = {
    text: '#1 exit',
    request: 0,
    time: 500,
    line: undefined,
    lastLine: undefined,
    locals: '',
    causes: [],
  };
  const standing = { side: 0, granularity: 'call', breakpoints: [], places: [{ ...place, at: 1 }] };
  expect(summaryOf([track], standing)).toBe(
    '3 events of native over 2.5 µs (app 2, driver 0, hypervisor 1, iommu 0, device 0). ' +
      'native stands at #1 exit.',
  );
  expect(summaryOf([], undefined)).toBe('Nothing was recorded yet.');
});

it('says of an event when it was, how long it lasted, and whose it is', () => {
  expect(detailsOf(track, kinds, 2)).toMatchObject({
    kind: 'appCall',
    rows: [
      ['event', '2'],
      ['at', '0 ns'],
      ['lasts', '2.5 µs'],
      ['request', '7 of guest 1'],
    ],
  });
  expect(detailsOf(track, kinds, 1).rows).toEqual([
    ['event', '1'],
    ['at', '-500 ns'],
  ]);
});
