import type { Arbiter, Stateful } from '@doorbell/abi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SchedulerError, schedulers, type TenantShare } from '../../src/index.ts';
import { Engine } from '../../testing/engine.ts';
import { busy, mix } from '../../testing/mix.ts';

const MS = 1_000_000;
const shares: TenantShare[] = [1, 2, 4, 8, 16, 3].map((weight) => ({ weight, cap: 0 }));
const kinds = [...schedulers.values()];

describe('schedulers', () => {
  it('have the names that users know', () => {
    expect([...schedulers.keys()]).toEqual([
      'round-robin',
      'best-effort',
      'equal-share',
      'fixed-share',
      'weighted',
      'credit',
    ]);
  });

  it('have the slices of their sources by default', () => {
    const eight = Array.from({ length: 8 }, () => shares[0]);
    const slices = (tenants: readonly TenantShare[]): number[] =>
      kinds.map((kind) => kind.defaultSliceNs(tenants) / MS);
    expect(slices(eight)).toEqual([1, 2, 2, 2, 1, 30]);
    expect(slices([...eight, shares[0]])).toEqual([1, 1, 1, 1, 1, 30]);
  });
});

describe.each(kinds)('$name', (kind) => {
  const make = (): Arbiter & Stateful<unknown> =>
    kind.make(shares, { sliceNs: kind.defaultSliceNs(shares), startPriorityNs: 0 });

  it('says in a sentence what it does, and what it follows', () => {
    expect(kind.doc).toMatch(/^[A-Z].*\.$/);
    expect(kind.source).toMatch(/\.$/);
  });

  it('goes on from what it saved as if nothing had been', () => {
    fc.assert(
      fc.property(mix(2500), fc.integer({ min: 1, max: 150 * MS }), (loads, at) => {
        const straight = new Engine(make(), loads).run(200 * MS);
        const first = make();
        const engine = new Engine(first, loads).run(at);
        const state = structuredClone(first.save());
        first.load(state);
        const second = make();
        second.load(state);
        engine.arbiter = second;
        expect(engine.run(200 * MS).begun).toEqual(straight.begun);
        expect(first.save()).toEqual(state);
      }),
      { numRuns: 20 },
    );
  });

  it('answers the same when it is asked again at the same time', () => {
    fc.assert(
      fc.property(mix(2500), (loads) => {
        const twice = make();
        const pick = twice.pick.bind(twice);
        twice.pick = (now) => {
          pick(now);
          return pick(now);
        };
        const once = new Engine(make(), loads).run(200 * MS);
        expect(new Engine(twice, loads).run(200 * MS).begun).toEqual(once.begun);
      }),
      { numRuns: 20 },
    );
  });

  it('gives each that is always busy what is due to it', () => {
    const some = shares.slice(0, 3);
    const arbiter = kind.make(some, { sliceNs: kind.defaultSliceNs(some), startPriorityNs: 0 });
    const engine = new Engine(
      arbiter,
      [20, 50, 100].map((us) => busy(us * 1000)),
    ).run(1001 * MS);
    engine.reset();
    const used = engine.run(11_001 * MS).used;
    kind.due(some, [true, true, true]).forEach((due, i) => {
      expect(Math.abs(used[i] / (10_000 * MS) / due - 1)).toBeLessThan(0.05);
    });
  });

  it('gives nothing to one that has not joined, and none is due to it', () => {
    const present = [true, true, false, true, false, true];
    kind.due(shares, present).forEach((part, i) => expect(part > 0).toBe(present[i]));
  });

  it('takes a long sleep in its stride', () => {
    const arbiter = make();
    arbiter.join(0, 0);
    arbiter.wake(0, 0);
    arbiter.sleep(0, 5);
    const later = 1e6 * 1000 * MS;
    arbiter.wake(0, later);
    let now = later;
    while (arbiter.pick(now) !== 0) {
      now = arbiter.askAt(now);
    }
    expect(now - later).toBeLessThan(100 * MS);
  });

  it('rejects calls that do not follow from the last', () => {
    const arbiter = make();
    expect(() => arbiter.wake(0, 0)).toThrow(RangeError);
    arbiter.join(0, 0);
    arbiter.wake(0, 0);
    expect(() => arbiter.wake(0, 0)).toThrow(RangeError);
    arbiter.leave(0, 1);
    expect(() => arbiter.sleep(0, 2)).toThrow(RangeError);
  });

  it('rejects shares that make no sense', () => {
    const sliceNs = kind.defaultSliceNs(shares);
    const refuses = (share: TenantShare, sentence: string): void => {
      const attempt = (): unknown => kind.make([shares[0], share], { sliceNs });
      expect(attempt).toThrow(SchedulerError);
      expect(attempt).toThrow(sentence);
    };
    refuses({ weight: 0, cap: 0 }, `The weight of tenant 1 is 0, but ${kind.name} takes whole`);
    refuses({ weight: NaN, cap: 0 }, 'The weight of tenant 1 is NaN');
    refuses({ weight: 1.5, cap: 0 }, 'The weight of tenant 1 is 1.5');
    refuses({ weight: 65_536, cap: 0 }, 'The weight of tenant 1 is 65536');
    refuses({ weight: 1, cap: 101 }, 'The cap of tenant 1 is 101 %');
    refuses({ weight: 1, cap: -1 }, 'The cap of tenant 1 is -1 %');
    refuses({ weight: 1, cap: NaN }, 'The cap of tenant 1 is NaN %');
    expect(() => kind.make([], { sliceNs })).toThrow('needs at least one tenant');
    for (const slice of [0, -1, NaN, 1e12, 1_500_000.5]) {
      expect(() => kind.make(shares, { sliceNs: slice })).toThrow(`The time slice is ${slice} ns`);
    }
  });
});
