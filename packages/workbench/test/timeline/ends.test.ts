import fc from 'fast-check';
import { expect, it } from 'vitest';
import { endsOf } from '../../src/timeline/ends.ts';
import { GUEST, kinds, sideOf, type Happened } from './recorded.ts';

const begun = new Map([
  ['appReturn', 'appCall'],
  ['packetDone', 'packet'],
  ['wake', 'wait'],
]);

/** The rule, plainly: the oldest that has begun, of the same call, wait, or guest's channel. */
function plainEnds(events: readonly Happened[]): number[] {
  const ends = events.map(() => 0);
  events.forEach(({ kind, request = 0, a }, place) => {
    const begin = events.findIndex(
      (each, at) =>
        at < place &&
        ends[at] === 0 &&
        each.kind === begun.get(kind) &&
        each.a === a &&
        (kind === 'packetDone'
          ? Math.floor((each.request ?? 0) / GUEST) === Math.floor(request / GUEST)
          : each.request === request),
    );
    if (begin !== -1) {
      ends[begin] = place + 1;
    }
  });
  return ends;
}

const happened = fc.record({
  kind: fc.constantFrom(...kinds.map(({ name }) => name)),
  time: fc.nat(9),
  request: fc.constantFrom(0, 1, 2, GUEST, GUEST + 1),
  a: fc.nat(2),
});

it('pairs what begins with what ends it, the oldest first', () => {
  fc.assert(
    fc.property(fc.array(happened, { maxLength: 40 }), (events) => {
      expect([...endsOf(sideOf(events).columns, kinds)]).toEqual(plainEnds(events));
    }),
    { numRuns: 500 },
  );
});

it('tells packets of two guests apart, and lets a packet end under another request', () => {
  const events = [
    { kind: 'packet', time: 0, request: 1, a: 3 },
    { kind: 'packet', time: 1, request: GUEST + 1, a: 3 },
    { kind: 'packetDone', time: 2, request: GUEST + 5, a: 3 },
    { kind: 'packetDone', time: 3, request: 7, a: 3 },
  ];
  expect([...endsOf(sideOf(events).columns, kinds)]).toEqual([4, 3, 0, 0]);
});

it('pairs nothing by an argument that no call, channel or reason has', () => {
  const events = [-1, 0.5, 1e300, NaN].flatMap((a) => [
    { kind: 'wait', time: 0, request: 1, a },
    { kind: 'wake', time: 1, request: 1, a },
  ]);
  expect([...endsOf(sideOf(events).columns, kinds)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
});
