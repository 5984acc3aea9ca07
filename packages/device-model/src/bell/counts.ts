/** What the part has done since it was made. A reset does not clear it. */

/** Where a packet runs. */
export type Engine = 'copy' | 'render' | 'other';

export interface BellCounts {
  doorbells: number;
  packets: number;
  fences: number;
  contextSwitches: number;
  /** Packets that were stopped before they were done, to go on later. */
  preemptions: number;
  /** Nanoseconds in which the engines took in another tenant's context. */
  switchNs: number;
  /** Hangs included. */
  faults: number;
  hangs: number;
  flips: number;
  /** Walks of the page tables. */
  tlbMisses: number;
  bytesFilled: number;
  bytesCopied: number;
  pixelsBlitted: number;
  vertices: number;
  triangles: number;
  pixels: number;
  /** Nanoseconds, by engine. */
  readonly busyNs: Record<Engine, number>;
}

export function newCounts(): BellCounts {
  return {
    doorbells: 0,
    packets: 0,
    fences: 0,
    contextSwitches: 0,
    preemptions: 0,
    switchNs: 0,
    faults: 0,
    hangs: 0,
    flips: 0,
    tlbMisses: 0,
    bytesFilled: 0,
    bytesCopied: 0,
    pixelsBlitted: 0,
    vertices: 0,
    triangles: 0,
    pixels: 0,
    busyNs: { copy: 0, render: 0, other: 0 },
  };
}

export function copyCounts(counts: BellCounts): BellCounts {
  return { ...counts, busyNs: { ...counts.busyNs } };
}

/** Overwrites `counts`, which others hold. */
export function restoreCounts(counts: BellCounts, saved: BellCounts): void {
  const { busyNs, ...others } = saved;
  Object.assign(counts, others);
  Object.assign(counts.busyNs, busyNs);
}
