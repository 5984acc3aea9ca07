import { expect, test } from 'vitest';
import { overdue, TimeLimit } from '../src/time-limit.ts';

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test('aborts when the time is over, and not before', async () => {
  const limit = new TimeLimit(30);
  limit.start();
  expect({ isOver: limit.isOver, aborted: limit.signal.aborted }).toEqual({
    isOver: false,
    aborted: false,
  });
  await after(60);
  expect({ isOver: limit.isOver, aborted: limit.signal.aborted }).toEqual({
    isOver: true,
    aborted: true,
  });
});

test('does not run when it is stopped, or paused', async () => {
  const limit = new TimeLimit(20);
  limit.start();
  await limit.pause(() => after(50));
  expect(limit.isOver).toBe(false);
  limit.stop();
  await after(50);
  expect(limit.isOver).toBe(false);
});

test('runs again when a pause ended with an error', async () => {
  const limit = new TimeLimit(20);
  limit.start();
  await expect(limit.pause(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  await after(50);
  expect(limit.isOver).toBe(true);
});

test.each([false, true])('grants some time after a signal (already given: %s)', async (given) => {
  const controller = new AbortController();
  if (given) {
    controller.abort();
  }
  const late = overdue(controller.signal, 20);
  const begun = performance.now();
  controller.abort();
  await expect(late).rejects.toThrow('did not end when it was told to');
  expect(performance.now() - begun).toBeGreaterThan(15);
});
