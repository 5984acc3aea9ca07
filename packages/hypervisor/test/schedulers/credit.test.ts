import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CreditAccounts } from '../../src/schedulers/credit-accounts.ts';
import { Credit, credit } from '../../src/schedulers/credit.ts';
import { Engine } from './engine.ts';
import { busy, mix } from './mix.ts';

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

  it('gives nobody more than its cap, and what two periods and a packet make', () => {
    fc.assert(
      fc.property(
        mix(2500),
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 6, maxLength: 6 }),
        (loads, caps) => {
          const shares = caps.map((cap) => ({ weight: 256, cap }));
          const engine = new Engine(new Credit(shares, SLICE), loads).run(2 * SECOND);
          engine.used.forEach((used, i) => {
            expect(used).toBeLessThanOrEqual((2 * SECOND * caps[i]) / 100 + 2 * SLICE + 2.5 * MS);
          });
        },
      ),
      { numRuns: 50 },
    );
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
