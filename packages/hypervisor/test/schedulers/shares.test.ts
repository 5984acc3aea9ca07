import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalShare } from '../../src/schedulers/equal-share.ts';
import { fixedShare } from '../../src/schedulers/fixed-share.ts';
import { AVERAGING_FACTOR, StrictRoundRobin } from '../../src/schedulers/strict-round-robin.ts';
import { Engine, type Load } from '../../testing/engine.ts';
import { busy, mix } from '../../testing/mix.ts';

const MS = 1_000_000;
const SECOND = 1000 * MS;
const SLICE = 2 * MS;
/** Packets of up to 2.5 ms, and the debt up to which a slot is not sat out. */
const MOST_OVER = 2.5 * MS + (AVERAGING_FACTOR + 1) * SLICE;

function parts(isFixed: boolean, loads: readonly Load[], until = SECOND): number[] {
  const engine = new Engine(new StrictRoundRobin(loads.length, SLICE, isFixed), loads);
  return engine.run(until).used.map((used) => used / until);
}

const idle: Load = { packets: [MS], every: Infinity };
const absent: Load = { packets: [MS], from: Infinity, to: Infinity };

describe('equal-share', () => {
  it('"is shared equally amongst the running vGPUs", and idles in the slots of those without work', () => {
    const [first, second] = parts(false, [busy(100_000), idle, idle, idle]);
    expect(first).toBeCloseTo(1 / 4, 2);
    expect(second).toBeLessThan(0.01);
  });

  it('changes the parts as virtual machines start and stop', () => {
    const loads = [
      busy(100_000),
      busy(100_000, { from: SECOND }),
      busy(100_000, { from: 2 * SECOND, to: 3 * SECOND }),
      absent,
    ];
    const engine = new Engine(new StrictRoundRobin(4, SLICE, false), loads);
    for (const expected of [
      [1, 0, 0, 0],
      [1 / 2, 1 / 2, 0, 0],
      [1 / 3, 1 / 3, 1 / 3, 0],
      [1 / 2, 1 / 2, 0, 0],
    ]) {
      engine.reset();
      const used = engine.run(engine.now + SECOND).used;
      expected.forEach((part, i) => expect(used[i] / SECOND).toBeCloseTo(part, 2));
    }
  });
});

describe('fixed-share', () => {
  it('"each T4-4C vGPU is given one quarter", of 4 that there can be, alone or not', () => {
    expect(parts(true, [busy(100_000), absent, absent, absent])[0]).toBeCloseTo(1 / 4, 2);
    const all = parts(true, [busy(100_000), busy(100_000), busy(100_000), busy(100_000)]);
    all.forEach((part) => expect(part).toBeCloseTo(1 / 4, 2));
  });
});

describe.each([
  ['equal-share', false],
  ['fixed-share', true],
])('%s', (_name, isFixed) => {
  it('takes a slot away in 33 parts for what was run beyond it', () => {
    // The one packet of 35 ms is 33 ms more than its slot: 1 ms less of the next, then 32/33 ms, ...
    const arbiter = new StrictRoundRobin(2, SLICE, isFixed);
    const once = { packets: [35 * MS, ...Array.from({ length: 9999 }, () => 1000)] };
    const engine = new Engine(arbiter, [once, idle]);
    const slotEnd = (at: number): number => {
      engine.run(at);
      return arbiter.save().slotEnd;
    };
    expect(slotEnd(36 * MS)).toBe(37 * MS);
    expect(slotEnd(37.5 * MS)).toBe(38 * MS);
    expect(slotEnd(39 * MS)).toBe(40 * MS);
    expect(slotEnd(40.5 * MS)).toBe(42 * MS - Math.floor((32 * MS) / AVERAGING_FACTOR));
  });

  it('keeps the parts, over time, where packets are long and not preempted', () => {
    const [long, short] = parts(isFixed, [busy(11 * MS), busy(70_000)], 20 * SECOND);
    expect(long).toBeCloseTo(1 / 2, 1);
    expect(short).toBeCloseTo(1 / 2, 1);
  });

  it('never gives more than the part, but for an overshoot that is owed', () => {
    fc.assert(
      fc.property(mix(2500), (loads) => {
        const staying = loads.map((load) => ({ ...load, from: 0, to: Infinity }));
        const engine = new Engine(new StrictRoundRobin(loads.length, SLICE, isFixed), staying);
        engine.run(SECOND / 2).used.forEach((used) => {
          expect(used).toBeLessThanOrEqual(SECOND / 2 / loads.length + SLICE + MOST_OVER);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('never gives more than the part and one slot where the GPU preempts', () => {
    fc.assert(
      fc.property(
        mix(2500),
        fc.constantFrom('pick first' as const, 'ran first' as const),
        (loads, preempts) => {
          const staying = loads.map((load) => ({ ...load, from: 0, to: Infinity }));
          const arbiter = new StrictRoundRobin(loads.length, SLICE, isFixed);
          const engine = new Engine(arbiter, staying, { preempts }).run(SECOND / 5);
          engine.used.forEach((used) => {
            expect(used).toBeLessThanOrEqual(SECOND / 5 / loads.length + SLICE);
          });
          expect([...arbiter.save().overshoot].every((over) => over === 0)).toBe(true);
        },
      ),
    );
  });

  it('lets each wait a round at most, and the rounds that it owes', () => {
    fc.assert(
      fc.property(mix(2500), (loads) => {
        const engine = new Engine(new StrictRoundRobin(loads.length, SLICE, isFixed), loads);
        for (const { longestWait } of engine.run(SECOND / 2).tenants) {
          // A packet is 1.25 slots, so that of three slots it sits out one at most.
          expect(longestWait).toBeLessThanOrEqual(3 * loads.length * (SLICE + 2.5 * MS));
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('due', () => {
  const shares = [1, 2, 4, 8].map((weight) => ({ weight, cap: 0 }));
  it('is one of those that run, or one of those that could', () => {
    const present = [true, false, true, false];
    expect(equalShare.due(shares, present)).toEqual([0.5, 0, 0.5, 0]);
    expect(fixedShare.due(shares, present)).toEqual([0.25, 0, 0.25, 0]);
  });
});
