import { expect, it } from 'vitest';
import { timeOf, trackOf } from '../../src/timeline/track.ts';
import { GUEST, kinds, sideOf } from './recorded.ts';

it('begins its axis where the application begins', () => {
  const track = trackOf(
    sideOf([
      { kind: 'mmioWrite', time: 100 },
      { kind: 'appCall', time: 500, request: 1 },
      { kind: 'appReturn', time: 900, request: 1 },
    ]),
    kinds,
  );
  expect([track.origin, track.first, track.last]).toEqual([500, -400, 400]);
  expect([0, 1, 2, 3, 4].map((id) => timeOf(track, id))).toEqual([
    undefined,
    -400,
    0,
    400,
    undefined,
  ]);
});

it('begins a run without a call with its first event, and an empty one with 0', () => {
  const run = sideOf([
    { kind: 'exit', time: 9 },
    { kind: 'exit', time: 7 },
  ]);
  expect(trackOf(run, kinds).origin).toBe(7);
  expect(trackOf(sideOf([]), kinds)).toMatchObject({ origin: 0, first: 0, last: 0 });
});

it('sorts events of CPUs that run apart into lanes, each in the order of time', () => {
  const { lanes } = trackOf(
    sideOf([
      { kind: 'appCall', time: 0 },
      { kind: 'mmioWrite', time: 30 },
      { kind: 'exit', time: 40 },
      { kind: 'mmioWrite', time: 10 },
      { kind: 'iotlbMiss', time: 20 },
      { kind: 'packet', time: 15 },
      { kind: 'packetDone', time: 35 },
    ]),
    kinds,
  );
  expect(lanes.map(({ label, ids }) => [label, ...ids])).toEqual([
    ['app', 1],
    ['driver', 4, 2],
    ['hypervisor', 3],
    ['iommu', 5],
    ['device', 6, 7],
  ]);
  expect([...lanes[4].bars.ids, ...lanes[4].bars.starts, ...lanes[4].bars.ends]).toEqual([
    6, 15, 35,
  ]);
});

it('gives each of eight guests its lanes, and those beyond the last', () => {
  const calls = Array.from({ length: 10 }, (_, guest) => ({
    kind: 'appCall',
    time: guest,
    request: guest * GUEST + 1,
  }));
  const { lanes, laneOf } = trackOf(sideOf(calls, 10), kinds);
  expect(lanes.map(({ label }) => label).filter((label) => label.startsWith('app'))).toEqual([
    ...['app 0', 'app 1', 'app 2', 'app 3', 'app 4', 'app 5', 'app 6', 'app 7–9'],
  ]);
  expect([...laneOf]).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 14, 14]);
  expect([...lanes[14].ids]).toEqual([8, 9, 10]);
});

it('draws what lasts no time as one nanosecond', () => {
  const { lanes } = trackOf(
    sideOf([
      { kind: 'appCall', time: 5 },
      { kind: 'appReturn', time: 5 },
    ]),
    kinds,
  );
  expect([...lanes[0].bars.ends]).toEqual([1]);
});
