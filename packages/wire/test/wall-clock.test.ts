import { describe, expect, it } from 'vitest';
import { WallClock } from '../src/wall-clock.ts';

function clocks() {
  let time = 0;
  const due = new Set<{ readonly at: number; readonly run: () => void }>();
  const clock = new WallClock({
    now: () => time++,
    after: (ns, run) => {
      const timer = { at: time + ns, run };
      due.add(timer);
      return () => due.delete(timer);
    },
  });
  const advance = async (ns: number): Promise<void> => {
    time += ns;
    [...due].filter(({ at }) => at <= time).forEach(({ run }) => run());
    await Promise.resolve();
  };
  return { clock, advance, due };
}

describe('WallClock', () => {
  it('spins until the time has passed', () => {
    const { clock } = clocks();
    const start = clock.now();
    clock.delay(50);
    expect(clock.now() - start).toBeGreaterThanOrEqual(50);
  });

  it('sleeps', async () => {
    const { clock, advance } = clocks();
    let awake = false;
    const sleeping = clock.sleep(100).then(() => (awake = true));
    await advance(10);
    expect(awake).toBe(false);
    await advance(100);
    await sleeping;
    expect(awake).toBe(true);
  });

  it('does not wait for what holds already', async () => {
    const { clock, due } = clocks();
    expect(await clock.waitQueue().until(() => true, 'queue', 0)).toBe(true);
    expect(due.size).toBe(0);
  });

  it('looks again after each wake, and leaves no timer behind', async () => {
    const { clock, due } = clocks();
    const queue = clock.waitQueue();
    let count = 0;
    const waiting = queue.until(() => count === 2, 'queue', 1e9);
    count = 1;
    queue.wake();
    await Promise.resolve();
    count = 2;
    queue.wake();
    expect([await waiting, due.size]).toEqual([true, 0]);
  });

  it('gives up in time', async () => {
    const { clock, advance } = clocks();
    const waiting = clock.waitQueue().until(() => false, 'queue', 100);
    await advance(200);
    expect(await waiting).toBe(false);
  });

  it('fails with the condition', async () => {
    const { clock } = clocks();
    const failing = (): boolean => {
      throw new RangeError('of the test');
    };
    await expect(clock.waitQueue().until(failing, 'queue')).rejects.toThrow(RangeError);
  });
});
