/** Clicks and double clicks, by a clock that the test moves. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Clicks } from '../../src/timeline/clicks.ts';

let heard: string[] = [];
let clicks: Clicks<string>;

beforeEach(() => {
  vi.useFakeTimers();
  heard = [];
  clicks = new Clicks({
    onClick: (what) => heard.push(what),
    onDouble: () => heard.push('double'),
  });
});
afterEach(() => {
  vi.useRealTimers();
});

it('a click counts when no other has followed it', () => {
  clicks.click('a', 10, 10);
  vi.advanceTimersByTime(200);
  expect(heard).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(heard).toEqual(['a']);
});

it('a double click is no click', () => {
  clicks.click('a', 10, 10);
  vi.advanceTimersByTime(120);
  clicks.click('a', 11, 10);
  expect(heard).toEqual(['double']);
  vi.advanceTimersByTime(1000);
  expect(heard).toEqual(['double']);
});

it('a third click is a click of its own', () => {
  clicks.click('a', 10, 10);
  clicks.click('b', 10, 10);
  clicks.click('c', 10, 10);
  vi.advanceTimersByTime(1000);
  expect(heard).toEqual(['double', 'c']);
});

it('clicks that come slowly are clicks: one after the other comes to each event there', () => {
  for (const what of ['a', 'b', 'c']) {
    clicks.click(what, 10, 10);
    vi.advanceTimersByTime(300);
  }
  expect(heard).toEqual(['a', 'b', 'c']);
});

it('clicks at two places are two, and the first is not waited for any more', () => {
  clicks.click('a', 10, 10);
  clicks.click('b', 200, 10);
  expect(heard).toEqual(['a']);
  vi.advanceTimersByTime(1000);
  expect(heard).toEqual(['a', 'b']);
});

it('one that is dropped is none', () => {
  clicks.click('a', 10, 10);
  clicks.drop();
  vi.advanceTimersByTime(1000);
  expect(heard).toEqual([]);
});
