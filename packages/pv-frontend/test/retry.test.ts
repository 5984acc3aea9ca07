import { expect, test } from 'vitest';
import { retry } from '../src/retry.ts';
import { ManualClock } from '../testing/manual-clock.ts';

/** Fails until a time, and notes when it was tried. */
function until(clock: ManualClock, time: number): { attempt: () => Promise<string>; at: number[] } {
  const at: number[] = [];
  const attempt = async (): Promise<string> => {
    at.push(clock.now());
    if (clock.now() < time) {
      throw new Error(`No device at ${clock.now()}.`);
    }
    return 'a device';
  };
  return { attempt, at };
}

test('the first attempt is made at once, and pauses double up to half a second', async () => {
  const clock = new ManualClock();
  const { attempt, at } = until(clock, 2e9);
  expect(await retry(clock, undefined, attempt)).toBe('a device');
  const pauses = at.slice(1).map((time, index) => (time - at[index]) / 1e6);
  expect(at[0]).toBe(0);
  expect(pauses.slice(0, 12)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 500, 500, 500]);
});

test('what the last attempt threw is thrown after 30 s, or after as long as was said', async () => {
  const clock = new ManualClock();
  const { attempt, at } = until(clock, Infinity);
  await expect(retry(clock, 1e9, attempt)).rejects.toThrow('No device at 1000000000.');
  expect(at.at(-1)).toBe(1e9);
  await expect(retry(clock, undefined, attempt)).rejects.toThrow('No device at 31000000000.');
});

test('it ends early when nobody wants the device any more', async () => {
  const clock = new ManualClock();
  const { attempt, at } = until(clock, Infinity);
  await expect(retry(clock, undefined, attempt, () => at.length === 3)).rejects.toThrow(/^No/);
  expect(at).toHaveLength(3);
});
