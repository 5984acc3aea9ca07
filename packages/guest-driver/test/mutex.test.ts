import { expect, it } from 'vitest';
import { Mutex } from '../src/mutex.ts';
import { ManualClock } from './manual-clock.ts';

function setUp(): {
  clock: ManualClock;
  mutex: Mutex;
  log: string[];
  work: (name: string) => Promise<void>;
} {
  const clock = new ManualClock(
    () => {},
    () => {},
  );
  const mutex = new Mutex(clock);
  const log: string[] = [];
  const work = (name: string): Promise<void> =>
    mutex.holding(async () => {
      log.push(`${name} begins`);
      await clock.sleep(10);
      log.push(`${name} ends`);
    });
  return { clock, mutex, log, work };
}

it('lets one in at a time, in the order of asking', async () => {
  const { clock, log, work } = setUp();
  await Promise.all([work('a'), work('b'), work('c')]);
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  expect(clock.now()).toBe(30);
});

it('hands out what the work returns', async () => {
  const { mutex } = setUp();
  expect(await mutex.holding(async () => 7)).toBe(7);
});

it('is free again after work that failed', async () => {
  const { mutex, log, work } = setUp();
  const failed = mutex.holding(async () => {
    throw new Error('no');
  });
  const after = work('b');
  await expect(failed).rejects.toThrow('no');
  await after;
  expect(log).toEqual(['b begins', 'b ends']);
});
