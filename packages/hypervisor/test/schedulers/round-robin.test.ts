import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RoundRobin } from '../../src/schedulers/round-robin.ts';
import { Engine } from '../../testing/engine.ts';
import { busy, mix } from '../../testing/mix.ts';

const MS = 1_000_000;

describe('round-robin', () => {
  it('gives turns of a slice in order of waking', () => {
    const loads = [busy(250_000), busy(500_000), busy(MS)];
    const engine = new Engine(new RoundRobin(3, MS), loads).run(6 * MS - 1);
    expect(engine.begun).toEqual([
      ...[0, 1, 2, 3].map((n) => [n * 250_000, 0]),
      [MS, 1],
      [1.5 * MS, 1],
      [2 * MS, 2],
      ...[0, 1, 2, 3].map((n) => [3 * MS + n * 250_000, 0]),
      [4 * MS, 1],
      [4.5 * MS, 1],
      [5 * MS, 2],
    ]);
  });

  it('ends a turn with its work', () => {
    const engine = new Engine(new RoundRobin(2, MS), [
      { packets: [100_000], gaps: [MS] },
      busy(50_000),
    ]);
    expect(engine.run(120_000).begun).toEqual([
      [0, 0],
      [100_000, 1],
    ]);
  });

  it('remembers nothing of who ran too long: a hog of packets of 9 slices has 9 of 10', () => {
    const engine = new Engine(new RoundRobin(2, MS), [busy(9 * MS), busy(100_000)]).run(1000 * MS);
    expect(engine.used).toEqual([900 * MS, 100 * MS]);
  });

  it('cuts the hog off where the GPU preempts', () => {
    for (const preempts of ['pick first', 'ran first'] as const) {
      const engine = new Engine(new RoundRobin(2, MS), [busy(9 * MS), busy(100_000)], { preempts });
      engine.run(1000 * MS + 1);
      expect(engine.used).toEqual([500 * MS, 500 * MS]);
    }
  });

  it('never idles while somebody has work, and lets each wait a turn of each other at most', () => {
    fc.assert(
      fc.property(mix(2500), fc.boolean(), (loads, preempts) => {
        const options = preempts ? ({ preempts: 'pick first' } as const) : {};
        const engine = new Engine(new RoundRobin(loads.length, MS), loads, options).run(200 * MS);
        expect(engine.idleWhileAwake).toBe(0);
        const turn = MS + (preempts ? 0 : 2.5 * MS);
        for (const { longestWait } of engine.tenants) {
          expect(longestWait).toBeLessThanOrEqual((loads.length - 1) * turn);
        }
      }),
    );
  });
});
