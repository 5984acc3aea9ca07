import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CreditAccounts } from '../../src/schedulers/credit-accounts.ts';
import { Credit, credit } from '../../src/schedulers/credit.ts';
import { Both } from './both.ts';
import { Engine } from '../../testing/engine.ts';
import { busy, mix } from '../../testing/mix.ts';
import { Xen } from './xen.ts';

const MS = 1_000_000;
const SECOND = 1000 * MS;
const SLICE = 30 * MS;
const nobody = (): void => {};
const uncapped = (...weights: number[]): { weight: number; cap: number }[] =>
  weights.map((weight) => ({ weight, cap: 0 }));

describe('CreditAccounts', () => {
  it('burns 10 credits a millisecond, and keeps the rest of one', () => {
    const accounts = new CreditAccounts(uncapped(256), SLICE);
    accounts.burn(0, 10 * MS);
    expect(accounts.of(0)).toBe(-100);
    accounts.burn(0, 99_999);
    expect(accounts.of(0)).toBe(-100);
    accounts.burn(0, 1);
    expect(accounts.of(0)).toBe(-101);
  });

  it('deals 300 credits by weight, rounded up, to those that are active', () => {
    const accounts = new CreditAccounts(uncapped(256, 512, 1024, 99), SLICE);
    [0, 1, 2].forEach((tenant) => accounts.activate(tenant));
    accounts.deal(nobody);
    expect([0, 1, 2, 3].map((tenant) => accounts.of(tenant))).toEqual([43, 86, 172, 0]);
  });

  it('gives what one cannot use, because of its cap, to the others', () => {
    const accounts = new CreditAccounts([{ weight: 256, cap: 10 }, ...uncapped(256)], SLICE);
    // The last to be active is dealt to first.
    accounts.activate(1);
    accounts.activate(0);
    accounts.deal(nobody);
    expect([accounts.of(0), accounts.of(1)]).toEqual([30, 270]);
  });

  it('deals more while all together are in debt', () => {
    const accounts = new CreditAccounts(uncapped(1, 1), SLICE);
    accounts.activate(0);
    accounts.activate(1);
    accounts.burn(0, 50 * MS);
    accounts.deal(nobody);
    // -500 + 150 is less than anybody may owe.
    expect([accounts.of(0), accounts.of(1)]).toEqual([-300, 150]);
    accounts.deal(nobody);
    expect([accounts.of(0), accounts.of(1)]).toEqual([-75, 187]);
  });

  it('stops dealing to one that has more than a period of credits, and halves them', () => {
    const accounts = new CreditAccounts(uncapped(1), SLICE);
    accounts.activate(0);
    accounts.deal(nobody);
    expect([accounts.of(0), accounts.isAnyActive]).toEqual([300, true]);
    accounts.deal(nobody);
    expect([accounts.of(0), accounts.isAnyActive]).toEqual([300, false]);
    accounts.deal(nobody);
    expect(accounts.of(0)).toBe(300);
  });
});

describe('credit', () => {
  it('decides as the run queue of Xen does, walked at each tick and accounting', () => {
    const share = fc.record({
      weight: fc.constantFrom(1, 100, 256, 256, 512, 65_535),
      cap: fc.constantFrom(0, 0, 0, 10, 40, 100),
    });
    fc.assert(
      fc.property(
        mix(9000),
        fc.array(share, { minLength: 6, maxLength: 6 }),
        fc.constantFrom(SLICE, 3 * MS, 12 * MS),
        fc.constantFrom(undefined, 'pick first' as const, 'ran first' as const),
        (loads, shares, slice, preempts) => {
          const both = new Both(new Credit(shares, slice), new Xen(shares, slice), false);
          new Engine(both, loads, preempts === undefined ? {} : { preempts }).run(2 * SECOND);
        },
      ),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it('gives weights 1:2:4 their parts: of a second within 5 % of the GPU, of ten within 5 % of each part', () => {
    // The first second is not even: who was not seen running at a tick yet earns nothing.
    const loads = [20, 50, 100].map((us) => busy(us * 1000));
    const engine = new Engine(new Credit(uncapped(256, 512, 1024), SLICE), loads).run(SECOND);
    engine.reset();
    const second = [...engine.run(2 * SECOND).used];
    const ten = engine.run(11 * SECOND).used;
    [1 / 7, 2 / 7, 4 / 7].forEach((due, i) => {
      expect(Math.abs(second[i] / SECOND - due)).toBeLessThan(0.05);
      expect(Math.abs(ten[i] / (10 * SECOND) / due - 1)).toBeLessThan(0.05);
    });
  });

  it('keeps a cap though nobody else has work, and gives the rest to whoever has', () => {
    const capped = { weight: 256, cap: 25 };
    const alone = new Engine(new Credit([capped], SLICE), [busy(50_000)]).run(10 * SECOND);
    expect(alone.used[0] / (10 * SECOND)).toBeCloseTo(0.25, 1);
    const loads = [busy(50_000), busy(50_000)];
    const two = new Engine(new Credit([capped, ...uncapped(256)], SLICE), loads).run(10 * SECOND);
    expect(two.used[0] / (10 * SECOND)).toBeCloseTo(0.25, 1);
    expect(two.used[0] + two.used[1]).toBeGreaterThan(10 * SECOND - MS);
  });

  it('lets one that wakes with credits go first, after a millisecond of the other', () => {
    const loads = [busy(50_000), { packets: [50_000], gaps: [7 * MS], from: 13 * MS }];
    const engine = new Engine(new Credit(uncapped(256, 256), SLICE), loads).run(SECOND);
    expect(engine.tenants[1].longestWait).toBeLessThanOrEqual(MS + 50_000);
    expect(engine.tenants[1].done).toBeGreaterThan(SECOND / (8.2 * MS));
  });

  it('has no boost left for one that runs at a tick', () => {
    const arbiter = new Credit(uncapped(256, 256), SLICE);
    new Engine(arbiter, [busy(50_000), busy(50_000)]).run(9 * MS);
    expect([...arbiter.save().priorities]).toEqual([0, 0]);
    const later = new Credit(uncapped(256, 256), SLICE);
    new Engine(later, [busy(50_000), busy(50_000)]).run(11 * MS);
    expect([...later.save().priorities]).toEqual([1, 0]);
  });

  it('never idles while somebody has work and there are no caps', () => {
    fc.assert(
      fc.property(mix(2500), fc.boolean(), (loads, preempts) => {
        const options = preempts ? ({ preempts: 'ran first' } as const) : {};
        const arbiter = new Credit(uncapped(1, 300, 256, 65_535, 7, 256), SLICE);
        expect(new Engine(arbiter, loads, options).run(SECOND / 2).idleWhileAwake).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('gives one that always has work no more than its cap, and what two slices and a packet make', () => {
    fc.assert(
      fc.property(mix(2500), fc.integer({ min: 1, max: 100 }), (loads, cap) => {
        const shares = loads.map(() => ({ weight: 256, cap }));
        const all = [busy(100_000), ...loads.slice(1)];
        const [used] = new Engine(new Credit(shares, SLICE), all).run(2 * SECOND).used;
        expect(used).toBeLessThanOrEqual((2 * SECOND * cap) / 100 + 2 * SLICE + 2.5 * MS);
      }),
      { numRuns: 50 },
    );
  });

  it('does not see one that sleeps at each tick: it earns nothing, and no cap holds it', () => {
    const shares = [{ weight: 256, cap: 1 }];
    const evader = { packets: [8 * MS], gaps: [2 * MS], from: MS };
    const arbiter = new Credit(shares, SLICE);
    const [used] = new Engine(arbiter, [evader]).run(10 * SECOND).used;
    expect(used / (10 * SECOND)).toBeCloseTo(0.8, 2);
    expect(arbiter.save().accounts.credits[0]).toBeLessThan(-70_000);
  });

  it('lets one that always has work wait until it has earned a slice back, and the others had one', () => {
    fc.assert(
      fc.property(mix(2500), (loads) => {
        const all = [busy(100_000), ...loads.slice(0, 5)];
        const arbiter = new Credit(
          all.map(() => ({ weight: 256, cap: 0 })),
          SLICE,
        );
        const engine = new Engine(arbiter, all).run(3 * SECOND);
        expect(engine.tenants[0].longestWait).toBeLessThanOrEqual(
          2 * all.length * (SLICE + 2.5 * MS),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('due', () => {
  it('is by weight, and what a cap leaves over goes to the others', () => {
    const shares = [
      { weight: 1, cap: 0 },
      { weight: 2, cap: 20 },
      { weight: 1, cap: 0 },
      { weight: 9, cap: 0 },
    ];
    expect(credit.due(shares, [true, true, true, false])).toEqual([0.4, 0.2, 0.4, 0]);
    expect(credit.due(shares, [false, true, false, false])).toEqual([0, 0.2, 0, 0]);
  });
});
