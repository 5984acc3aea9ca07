import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, Stuck } from './manual-clock.ts';

let fired: string[];
let clock: ManualClock;
let onTimer: (id: number) => void;

beforeEach(() => {
  fired = [];
  onTimer = () => {};
  clock = new ManualClock(
    () => {},
    (id) => {
      fired.push(`${id} at ${clock.now()}`);
      onTimer(id);
    },
  );
});

describe('time', () => {
  it('stands still by itself', () => {
    clock.timers.arm(1, 10);
    expect(clock.now()).toBe(0);
    expect(fired).toEqual([]);
  });

  it('passes in a delay, and fires timers in their order on the way', () => {
    clock.timers.arm(1, 30);
    clock.timers.arm(2, 10);
    clock.timers.arm(3, 10);
    clock.timers.arm(4, 31);
    clock.delay(30);
    expect(fired).toEqual(['2 at 10', '3 at 10', '1 at 30']);
    expect(clock.now()).toBe(30);
  });

  it('fires a timer once, and a timer that is armed again at its last time', () => {
    clock.timers.arm(1, 10);
    clock.timers.arm(1, 20);
    clock.delay(100);
    expect(fired).toEqual(['1 at 20']);
  });

  it('does not fire a disarmed timer', () => {
    clock.timers.arm(1, 10);
    clock.timers.disarm(1);
    clock.delay(100);
    expect(fired).toEqual([]);
  });

  it('fires a timer that a timer armed, when it is due too', () => {
    onTimer = (id) => {
      if (id === 1) {
        clock.timers.arm(2, 5);
      }
    };
    clock.timers.arm(1, 10);
    clock.delay(20);
    expect(fired).toEqual(['1 at 10', '2 at 15']);
    expect(clock.timers.now()).toBe(20);
  });
});

describe('a wait', () => {
  it('is over at once when its condition holds', async () => {
    expect(await clock.waitQueue().until(() => true, 'data')).toBe(true);
    expect(clock.now()).toBe(0);
  });

  it('lasts until it is woken and its condition holds', async () => {
    const queue = clock.waitQueue();
    let value = 0;
    onTimer = () => {
      value++;
      queue.wake();
      clock.timers.arm(1, 10);
    };
    clock.timers.arm(1, 10);
    expect(await queue.until(() => value === 3, 'data')).toBe(true);
    expect(clock.now()).toBe(30);
  });

  it('does not see a condition that nobody woke it for', async () => {
    let value = 0;
    onTimer = () => value++;
    clock.timers.arm(1, 10);
    const queue = clock.waitQueue();
    clock.waitQueue().wake();
    expect(await queue.until(() => value > 0, 'data', 50)).toBe(false);
    expect(clock.now()).toBe(50);
  });

  it('gives up at its deadline', async () => {
    expect(await clock.waitQueue().until(() => false, 'data', 25)).toBe(false);
    expect(clock.now()).toBe(25);
  });

  it('fails when nothing is left that could end it', async () => {
    const endless = clock.waitQueue().until(() => false, 'data');
    await expect(endless).rejects.toThrow(new Stuck('Nothing is left to happen after 0 ns.'));
  });

  it('of each task is resumed in turn, while the others still wait', async () => {
    const log: string[] = [];
    const task = async (name: string, ns: number): Promise<void> => {
      await clock.sleep(ns);
      log.push(`${name} ${clock.now()}`);
      await Promise.resolve();
      await clock.sleep(ns);
      log.push(`${name} ${clock.now()}`);
    };
    await Promise.all([task('a', 10), task('b', 15)]);
    expect(log).toEqual(['a 10', 'b 15', 'a 20', 'b 30']);
  });
});
