import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SchedulerError } from '../../src/schedulers/scheduler-kind.ts';
import { Weighted, weighted } from '../../src/schedulers/weighted.ts';
import { Both } from './both.ts';
import { Engine } from '../../testing/engine.ts';
import { Gvt } from './gvt.ts';
import { busy, mix } from '../../testing/mix.ts';

const MS = 1_000_000;
const SECOND = 1000 * MS;
/** All VMs that join at once are past their start's priority, and one stage 0 later. */
const SETTLED = 3001 * MS;

const weights = [1, 2, 4, 16, 3, 8];

describe('weighted', () => {
  it('decides as the list of GVT-g does, walked tick by tick', () => {
    fc.assert(
      fc.property(
        mix(2500),
        fc.constantFrom(1, 7, 20),
        fc.constantFrom(1 * MS, 700_000, 3 * MS),
        fc.constantFrom(0, 0, 5 * MS, 2 * SECOND),
        fc.constantFrom(undefined, 'pick first' as const, 'ran first' as const),
        (loads, wider, tick, priority, preempts) => {
          const stretched = loads.map((load) => ({
            packets: load.packets.map((ns) => ns * Math.min(wider, 3)),
            gaps: load.gaps!.map((gap) => gap * wider),
            from: load.from! * wider,
            to: load.to! * wider,
          }));
          const both = new Both(
            new Weighted(weights, tick, priority),
            new Gvt(weights, tick, priority),
          );
          new Engine(both, stretched, preempts === undefined ? {} : { preempts }).run(
            200 * wider * MS,
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('decides so with packets of seconds, too', () => {
    const loads = [busy(700 * MS), { packets: [3 * SECOND], gaps: [2 * SECOND] }, busy(50 * MS)];
    new Engine(new Both(new Weighted(weights, MS), new Gvt(weights, MS)), loads).run(40 * SECOND);
  });

  it('gives weights 1:2:4 their parts of a second within 5 %', () => {
    const engine = new Engine(
      new Weighted([1, 2, 4], MS),
      [20, 50, 100].map((us) => busy(us * 1000)),
    );
    engine.run(SETTLED).reset();
    const used = engine.run(SETTLED + SECOND).used;
    [1 / 7, 2 / 7, 4 / 7].forEach((due, i) => {
      expect(Math.abs(used[i] / SECOND / due - 1)).toBeLessThan(0.05);
    });
  });

  it('keeps to no weights if packets are seconds long', () => {
    const engine = new Engine(new Weighted([4, 1], MS), [busy(50_000), busy(2 * SECOND)]);
    engine.run(SETTLED).reset();
    const [light, heavy] = engine.run(SETTLED + 20 * SECOND).used;
    expect(heavy).toBeGreaterThan(light);
  });

  it('idles when all have used up their parts', () => {
    const engine = new Engine(new Weighted([1, 1], MS), [
      busy(50_000),
      { packets: [MS], from: 0, every: 900 * SECOND },
    ]);
    engine.run(SETTLED).reset();
    const [alone] = engine.run(SETTLED + SECOND).used;
    expect(alone / SECOND).toBeGreaterThan(0.49);
    expect(alone / SECOND).toBeLessThan(0.52);
    expect(engine.idleWhileAwake / SECOND).toBeGreaterThan(0.45);
  });

  it('gives nobody more of a second than its part, and what it overran at the end', () => {
    fc.assert(
      fc.property(mix(2500), (loads) => {
        const staying = loads.map((load) => ({ ...load, from: 0, to: Infinity }));
        const engine = new Engine(new Weighted(weights, MS), staying);
        const total = staying.reduce((sum, _, i) => sum + weights[i], 0);
        // Stage 0 is at 1 ms and each second after.
        engine.run(SETTLED).reset();
        engine.run(SETTLED + SECOND).used.forEach((used, i) => {
          expect(used).toBeLessThanOrEqual((SECOND * weights[i]) / total + MS + 2 * 2500_000);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('lets whoever has just started go first, for two seconds', () => {
    const engine = new Engine(new Weighted([16, 1], MS), [
      busy(50_000),
      busy(50_000, { from: 5 * SECOND }),
    ]);
    engine.run(5 * SECOND).reset();
    expect(engine.run(7 * SECOND - MS).used[1] / SECOND).toBeCloseTo(2, 1);
    engine.run(9 * SECOND).reset();
    expect(engine.run(10 * SECOND).used[1] / SECOND).toBeCloseTo(1 / 17, 2);
  });

  it('makes nobody with work wait longer than from one stage 0 to the next', () => {
    fc.assert(
      fc.property(mix(2500), (loads) => {
        const engine = new Engine(
          new Weighted(weights, MS),
          loads.map((load) => ({ ...load, from: 0, to: Infinity })),
        );
        engine.run(SETTLED).reset();
        engine.run(SETTLED + 3 * SECOND);
        for (const { longestWait } of engine.tenants) {
          expect(longestWait).toBeLessThanOrEqual(SECOND + 6 * (MS + 2500_000));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('takes the weights and the times of GVT-g', () => {
    const make = (weight: number, startPriorityNs?: number): unknown =>
      weighted.make([{ weight, cap: 0 }], {
        sliceNs: MS,
        ...(startPriorityNs === undefined ? {} : { startPriorityNs }),
      });
    expect(() => make(16)).not.toThrow();
    expect(() => make(17)).toThrow('weighted takes whole numbers from 1 to 16');
    expect(() => make(1, NaN)).toThrow('lasts NaN ns');
    expect(() => make(1, -1)).toThrow(SchedulerError);
  });
});
