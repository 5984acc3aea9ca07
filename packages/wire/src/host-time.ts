/** The host's time and event loop, from the functions that a host has for them. */
import type { ThreadLoop } from './doorbells.ts';
import { WallClock } from './wall-clock.ts';

/** What Node and browsers call so. */
export interface HostTimers<T> {
  readonly performance: { now(): number };
  setTimeout(run: () => void, ms: number): T;
  clearTimeout(timer: T): void;
}

export function wallClockOf<T>(host: HostTimers<T>): WallClock {
  return new WallClock({
    now: () => host.performance.now() * 1e6,
    after: (ns, run) => {
      const timer = host.setTimeout(run, ns / 1e6);
      return () => {
        host.clearTimeout(timer);
      };
    },
  });
}

/** What Node calls so. */
export interface HostLoop {
  readonly process: { nextTick(run: () => void): void };
  setImmediate(run: () => void): unknown;
}

export function threadLoopOf(host: HostLoop): ThreadLoop {
  return {
    settle: () =>
      new Promise((resolve) => {
        // Runs when there are no more microtasks.
        host.process.nextTick(resolve);
      }),
    turn: () =>
      new Promise((resolve) => {
        host.setImmediate(resolve);
      }),
  };
}
