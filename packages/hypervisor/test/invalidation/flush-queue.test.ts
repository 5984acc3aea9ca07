import { expect, test } from 'vitest';
import { FlushQueue } from '../../src/invalidation/flush-queue.ts';

test('it holds 255 entries, and gives each back once', () => {
  const queue = new FlushQueue();
  expect(queue.isEmpty).toBe(true);
  for (let page = 0; page < 255; page++) {
    expect(queue.isFull).toBe(false);
    queue.add(page, 2);
  }
  expect(queue.isFull).toBe(true);
  expect(queue.pendingPages).toBe(510);
  const freed: number[] = [];
  queue.drain((page) => freed.push(page));
  expect(freed.sort((a, b) => a - b)).toEqual(Array.from({ length: 255 }, (_, page) => page));
  expect(queue.isEmpty).toBe(true);
  expect(queue.pendingPages).toBe(0);
});

test('it is plain data', () => {
  const queue = new FlushQueue();
  queue.add(7, 1);
  queue.add(9, 4);
  const copy = new FlushQueue();
  copy.add(1, 1);
  copy.load(structuredClone(queue.save()));
  expect(copy.save()).toEqual(queue.save());
  expect(copy.pendingPages).toBe(5);
});
