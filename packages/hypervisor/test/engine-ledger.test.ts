import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineLedger } from '../src/engine-ledger.ts';
import { RoundRobin } from '../src/schedulers/round-robin.ts';

const TENANTS = 3;

function newLedger(): EngineLedger {
  const ledger = new EngineLedger(new RoundRobin(TENANTS, 1000), TENANTS);
  for (let tenant = 0; tenant < TENANTS; tenant++) {
    ledger.join(tenant, 0);
  }
  return ledger;
}

type Call = readonly [name: 'wake' | 'sleep' | 'leave', tenant: number, at: number];
type Run = readonly [name: 'ran', tenant: number, at: number, ns: number];

/** A sequence that a GPU could bring: one packet at a time, of a tenant that is awake. */
function sequence(steps: readonly (readonly [kind: number, tenant: number, ns: number])[]) {
  const awake = new Set<number>();
  const gone = new Set<number>();
  const calls: (Call | Run)[] = [];
  let now = 0;
  for (const [kind, tenant, ns] of steps) {
    now += kind === 0 ? ns : ns % 50;
    if (gone.has(tenant)) {
      continue;
    }
    if (!awake.has(tenant)) {
      awake.add(tenant);
      calls.push(['wake', tenant, now]);
    } else if (kind === 1) {
      awake.delete(tenant);
      calls.push(['sleep', tenant, now]);
    } else if (kind === 2 && ns % 10 === 0) {
      awake.delete(tenant);
      gone.add(tenant);
      calls.push(['leave', tenant, now]);
    } else {
      now += ns;
      calls.push(['ran', tenant, now, ns]);
    }
  }
  return calls;
}

function play(ledger: EngineLedger, calls: readonly (Call | Run)[]): void {
  for (const call of calls) {
    if (call[0] === 'ran') {
      ledger.ran(call[1], call[3], call[2]);
    } else {
      ledger[call[0]](call[1], call[2]);
    }
  }
}

/** Nanosecond by nanosecond: who had the engines, and who was awake without them, until its last call. */
function recount(calls: readonly (Call | Run)[]): { busyNs: number; waitNs: number }[] {
  return Array.from({ length: TENANTS }, (_, tenant) => {
    const own = calls.filter((call) => call[1] === tenant);
    const busyNs = own.reduce((sum, call) => sum + (call[0] === 'ran' ? call[3] : 0), 0);
    let awakeNs = 0;
    let since = -1;
    for (const [name, , at] of own) {
      awakeNs += since < 0 ? 0 : at - since;
      since = name === 'wake' || name === 'ran' ? at : -1;
    }
    return { busyNs, waitNs: awakeNs - busyNs };
  });
}

const useOfAll = (ledger: EngineLedger): unknown[] =>
  Array.from({ length: TENANTS }, (_, tenant) => ledger.useOf(tenant));

const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(TENANTS - 1), fc.nat(3000)), { maxLength: 60 });

describe('what a tenant had, and what it waited', () => {
  it('are what counting again says, for any sequence of calls', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const calls = sequence(all);
        const ledger = newLedger();
        play(ledger, calls);
        expect(useOfAll(ledger)).toEqual(recount(calls));
      }),
    );
  });

  it('are the same when it was saved and loaded in between', () => {
    fc.assert(
      fc.property(steps, fc.nat(60), (all, at) => {
        const calls = sequence(all);
        const whole = newLedger();
        play(whole, calls);
        const first = newLedger();
        play(first, calls.slice(0, at));
        const second = newLedger();
        play(
          second,
          sequence([
            [0, 1, 5],
            [3, 1, 5000],
          ]),
        );
        second.load(structuredClone(first.save()));
        play(second, calls.slice(at));
        expect(second.save()).toEqual(whole.save());
        expect([...second.eachSpan()]).toEqual([...whole.eachSpan()]);
      }),
    );
  });

  it('are those of a hand-made sequence', () => {
    const ledger = newLedger();
    ledger.wake(0, 100);
    ledger.wake(1, 150);
    ledger.ran(0, 400, 500);
    ledger.ran(1, 200, 750);
    ledger.sleep(1, 750);
    ledger.ran(0, 50, 800);
    ledger.sleep(0, 900);
    expect(ledger.useOf(0)).toEqual({ busyNs: 450, waitNs: 250 + 100 });
    expect(ledger.useOf(1)).toEqual({ busyNs: 200, waitNs: 400 });
    expect(ledger.useOf(2)).toEqual({ busyNs: 0, waitNs: 0 });
  });
});

describe('spans', () => {
  const spans = (ledger: EngineLedger): number[][] =>
    [...ledger.eachSpan()].map(({ tenant, from, to }) => [tenant, from, to]);

  function ran(...packets: [tenant: number, from: number, to: number][]): EngineLedger {
    const ledger = newLedger();
    ledger.wake(0, 0);
    ledger.wake(1, 0);
    packets.forEach(([tenant, from, to]) => {
      ledger.ran(tenant, to - from, to);
    });
    return ledger;
  }

  it('of one tenant are one where the gap between them is less than a microsecond', () => {
    expect(spans(ran([0, 0, 10], [0, 10, 20], [0, 1019, 1100]))).toEqual([[0, 0, 1100]]);
    expect(spans(ran([0, 0, 10], [0, 1010, 1100]))).toEqual([
      ...[
        [0, 0, 10],
        [0, 1010, 1100],
      ],
    ]);
  });

  it('of two tenants are two', () => {
    expect(spans(ran([0, 0, 10], [1, 10, 20], [0, 20, 30]))).toEqual([
      ...[
        [0, 0, 10],
        [1, 10, 20],
        [0, 20, 30],
      ],
    ]);
  });

  it('are in order and apart, and as long as they were, when it hears of packets late', () => {
    // CPUs run apart: to the arbiter the second packet, too, ended at 1000.
    expect(spans(ran([0, 900, 1000], [1, 950, 1000], [0, 990, 1090]))).toEqual([
      ...[
        [0, 900, 1000],
        [1, 1000, 1050],
        [0, 1050, 1150],
      ],
    ]);
  });

  it('may be many', () => {
    const ledger = newLedger();
    ledger.wake(0, 0);
    ledger.wake(1, 0);
    const expected = Array.from({ length: 1000 }, (_, index) => [
      index % 2,
      index * 10,
      index * 10 + 10,
    ]);
    expected.forEach(([tenant, , to]) => {
      ledger.ran(tenant, 10, to);
    });
    expect(spans(ledger)).toEqual(expected);
  });
});

it('changes no answer of the arbiter', () => {
  const [own, behind] = [new RoundRobin(TENANTS, 1000), newLedger()];
  [0, 1, 2].forEach((tenant) => {
    own.join(tenant);
  });
  for (const tenant of [2, 0]) {
    own.wake(tenant);
    behind.wake(tenant, 5);
  }
  for (const now of [5, 500, 1005, 2500]) {
    expect(behind.pick(now)).toBe(own.pick(now));
    expect(behind.askAt(now)).toBe(own.askAt(now));
  }
});
