import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Demand } from '../../src/bell/demand.ts';

const MS = 1_000_000;

let calls: string[];
let demand: Demand;

function newDemand(): Demand {
  return new Demand({
    wake: (tenant) => calls.push(`wake ${tenant}`),
    sleep: (tenant) => calls.push(`sleep ${tenant}`),
  });
}

/** Gives channels to a tenant; they want the engines from now on. */
function want(tenant: number, ...channels: number[]): void {
  for (const channel of channels) {
    demand.assign(channel, tenant);
    demand.update(channel, true);
  }
}

let switches: number;

function take(tenant: number, now: number): number {
  return demand.take(tenant, now, () => {
    switches++;
  });
}

beforeEach(() => {
  calls = [];
  switches = 0;
  demand = newDemand();
});

describe('a tenant', () => {
  it('wakes with its first channel, and sleeps without its last', () => {
    want(3, 10, 11);
    demand.update(10, true);
    expect(calls).toEqual(['wake 3']);
    demand.update(10, false);
    demand.update(10, false);
    expect(calls).toEqual(['wake 3']);
    demand.update(11, false);
    expect(calls).toEqual(['wake 3', 'sleep 3']);
  });

  it('may be the host', () => {
    want(-1, 0);
    demand.update(0, false);
    expect(calls).toEqual(['wake -1', 'sleep -1']);
  });

  it('hears nothing of another, whatever channels do', () => {
    const steps = fc.array(fc.tuple(fc.nat(127), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (all) => {
        calls = [];
        demand = newDemand();
        const wanting = [0, 1, 2].map(() => new Set<number>());
        const expected: string[] = [];
        for (const [channel, wants] of all) {
          const tenant = channel % 3;
          demand.assign(channel, tenant);
          demand.update(channel, wants);
          const { size } = wanting[tenant];
          wanting[tenant][wants ? 'add' : 'delete'](channel);
          if (size === 0 && wanting[tenant].size === 1) {
            expected.push(`wake ${tenant}`);
          } else if (size === 1 && wanting[tenant].size === 0) {
            expected.push(`sleep ${tenant}`);
          }
          expect(demand.has(channel)).toBe(wants);
        }
        expect(calls).toEqual(expected);
      }),
    );
  });
});

describe('take', () => {
  it('gives a channel the engines for a time slice of 1 ms, and then the next one', () => {
    want(0, 2, 5, 9);
    expect([0, MS / 2, MS - 1].map((now) => take(0, now))).toEqual([2, 2, 2]);
    expect([MS, 2 * MS - 1, 2 * MS, 3 * MS].map((now) => take(0, now))).toEqual([5, 5, 9, 2]);
    expect(switches).toBe(3);
  });

  it('begins a new slice for the same channel when no other wants one', () => {
    want(0, 7);
    expect([take(0, 0), take(0, MS)]).toEqual([7, 7]);
    want(0, 8);
    expect([take(0, 2 * MS - 1), take(0, 2 * MS)]).toEqual([7, 8]);
    expect(switches).toBe(1);
  });

  it('goes to the next one at once when the channel wants nothing any more', () => {
    want(0, 2, 5);
    take(0, 0);
    demand.update(2, false);
    expect(take(0, 10)).toBe(5);
  });

  it('goes round from the last channel of all to the first', () => {
    want(0, 127, 0);
    expect([take(0, 0), take(0, MS)]).toEqual([0, 127]);
    expect(take(0, 2 * MS)).toBe(0);
  });

  it('goes on behind the channel that the tenant had last, whoever ran meanwhile', () => {
    want(0, 0, 1);
    want(1, 2, 3);
    expect([take(0, 0), take(1, 1), take(0, 2), take(1, 3), take(0, 4)]).toEqual([0, 2, 1, 3, 0]);
    expect(switches).toBe(4);
  });
});

describe('forget', () => {
  it('makes the next one of a channel that is gone no switch, and begins anew', () => {
    want(0, 3, 4);
    want(1, 8);
    take(0, 0);
    demand.forget((channel) => channel === 3);
    expect(take(0, 10)).toBe(3);
    expect(switches).toBe(0);
  });

  it('lets those be that are not gone', () => {
    want(0, 3, 4);
    take(0, 0);
    demand.forget((channel) => channel > 3);
    expect(take(0, 10)).toBe(3);
    expect(take(0, MS)).toBe(4);
    expect(switches).toBe(1);
  });
});

it('goes on as saved, and nobody hears of it', () => {
  want(-1, 1);
  want(2, 20, 21);
  take(2, 0);
  take(2, MS);
  const saved = structuredClone(demand.save());
  const goOn = (): number[] => [MS + 1, 2 * MS, 3 * MS].map((now) => take(2, now));
  const expected = goOn();
  demand = newDemand();
  want(0, 5);
  calls = [];
  demand.load(saved);
  expect(calls).toEqual([]);
  expect(demand.has(5)).toBe(false);
  expect(goOn()).toEqual(expected);
  demand.update(20, false);
  demand.update(21, false);
  demand.update(1, false);
  expect(calls).toEqual(['sleep 2', 'sleep -1']);
});
