/** What a thread does to the memory that it shares, one step at a time: what its generator yields. */

/** Where in a source an access is written. Lines count from 1. */
export interface Site {
  readonly line: number;
  readonly text: string;
}

/** Bytes of one access. */
type Width = 2 | 4;

export type Step =
  | { readonly kind: 'load'; readonly address: number; readonly width: Width; readonly site: Site }
  | {
      readonly kind: 'store';
      readonly address: number;
      readonly width: Width;
      readonly value: number;
      readonly site: Site;
    }
  /** Waits until the thread's own stores are visible. */
  | { readonly kind: 'fence'; readonly site: Site }
  /** Sleeps until the flag at `address` is set, and clears it. */
  | { readonly kind: 'wait'; readonly address: number; readonly site: Site };

/** Not a step: `state` is all that decides what the thread does from here on. */
export interface Checkpoint {
  readonly kind: 'checkpoint';
  readonly state: string;
}

/** A thread: it is sent what its loads give, and returns its outcome in words. */
export type Program = Generator<Step | Checkpoint, string, number>;

/** A part of a thread, such as one call of a ring's method. */
export type Part<T> = Generator<Step | Checkpoint, T, number>;

/** The steps by the names of `RingMemory`'s functions, which instrumented code calls. */
export const steps = {
  load16: (site: Site, address: number): Step => ({ kind: 'load', address, width: 2, site }),
  load32: (site: Site, address: number): Step => ({ kind: 'load', address, width: 4, site }),
  acquire16: (site: Site, address: number): Step => ({ kind: 'load', address, width: 2, site }),
  store16: (site: Site, address: number, value: number): Step => ({
    kind: 'store',
    address,
    width: 2,
    value: value & 0xffff,
    site,
  }),
  store32: (site: Site, address: number, value: number): Step => ({
    kind: 'store',
    address,
    width: 4,
    value: value >>> 0,
    site,
  }),
  release16: (site: Site, address: number, value: number): Step =>
    steps.store16(site, address, value),
  fence: (site: Site): Step => ({ kind: 'fence', site }),
} as const;

/** What a program throws when the other half broke a promise; `RingError` counts likewise. */
export class Violation extends Error {
  override readonly name = 'Violation';
}
