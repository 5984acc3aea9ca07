import { expect, test } from 'vitest';
import { EventCounter } from '../src/event-fd.ts';

test('signals are counted until they are taken, and heard by the one listener', () => {
  const fd = new EventCounter();
  let heard = 0;
  fd.signal();
  fd.listen(() => heard++);
  fd.signal();
  expect([fd.take(), fd.take(), heard]).toEqual([2, 0, 1]);
  fd.listen(undefined);
  fd.signal();
  expect([fd.take(), heard]).toEqual([1, 1]);
});

test('a listener that signals again is not run for that', () => {
  const fd = new EventCounter();
  let heard = 0;
  fd.listen(() => {
    heard++;
    fd.signal();
  });
  fd.signal();
  fd.signal();
  expect([fd.take(), heard]).toEqual([4, 2]);
});
