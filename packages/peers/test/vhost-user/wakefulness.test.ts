import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Wakefulness } from '../../src/vhost-user/wakefulness.ts';

/** In milliseconds. */
let now: number;
let immediates: (() => void)[];
let wakefulness: Wakefulness;

beforeEach(() => {
  now = 1000;
  immediates = [];
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  vi.stubGlobal('setImmediate', (callback: () => void) => immediates.push(callback));
  wakefulness = new Wakefulness();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Whether the event loop goes on without waiting. */
const isAwake = (): boolean => immediates.length > 0;

/** Turns of the event loop, each of which takes so long. */
function turns(count: number, ms: number): void {
  for (let turn = 0; turn < count; turn++) {
    now += ms;
    immediates.splice(0).forEach((immediate) => immediate());
  }
}

it('keeps the loop awake for half a millisecond after work, and no longer', () => {
  expect(isAwake()).toBe(false);
  wakefulness.extend();
  turns(4, 0.1);
  expect(isAwake()).toBe(true);
  turns(2, 0.1);
  expect(isAwake()).toBe(false);
});

it('begins anew with each work, with one immediate at a time', () => {
  wakefulness.extend();
  for (let work = 0; work < 10; work++) {
    turns(4, 0.1);
    wakefulness.extend();
    expect(immediates).toHaveLength(1);
  }
  turns(6, 0.1);
  expect(isAwake()).toBe(false);
});

it('leaves the processor to whoever took it for longer than a turn, for a second', () => {
  wakefulness.extend();
  turns(1, 0.6);
  expect(isAwake()).toBe(false);
  now += 999;
  wakefulness.extend();
  expect(isAwake()).toBe(false);
  now += 2;
  wakefulness.extend();
  expect(isAwake()).toBe(true);
});

it('sleeps from the next turn on when it is ended', () => {
  wakefulness.extend();
  wakefulness.end();
  turns(1, 0.1);
  expect(isAwake()).toBe(false);
});
