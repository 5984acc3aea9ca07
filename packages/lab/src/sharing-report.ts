/** How guests shared a GPU: who had its engines, who waited, and whether that was fair. */
import { waitReasons } from '@doorbell/hypervisor';
import type { GuestRun } from './guest-run.ts';
import type { SharingReport } from './report.ts';

/** Parts of the run that the chart of the GPU's time has. */
const BINS = 60;

/** Nanoseconds that each guest had the engines, when all guests drew; and of how long a time. */
interface Window {
  readonly from: number;
  readonly to: number;
  readonly busyNs: readonly number[];
}

/** Books what guests had while all of them drew: before that, and once the first is done, nobody competes. */
export class SharingWatch {
  private readonly runs: readonly GuestRun[];
  private began: { readonly at: number; readonly busyNs: readonly number[] } | undefined;
  private window: Window | undefined;

  constructor(runs: readonly GuestRun[]) {
    this.runs = runs;
  }

  /** A guest has begun to draw, or is done. */
  look(now: number): void {
    const { runs, began } = this;
    if (began === undefined) {
      // CPUs run apart: the last one to begin may be behind the others.
      const at = Math.max(...runs.map(({ drewFrom }) => drewFrom));
      if (at < Infinity && runs.every(({ drewTo }) => drewTo === Infinity)) {
        this.began = { at, busyNs: runs.map(busyOf) };
      }
    } else if (this.window === undefined && runs.some(({ drewTo }) => drewTo <= now)) {
      // And one may be done at a time that another has long passed.
      const busyNs = runs.map((run, index) => busyOf(run) - began.busyNs[index]);
      this.window = { from: began.at, to: now, busyNs };
    }
  }

  /** When guests did not compete, what they had in the whole of the run. */
  private get competed(): Window {
    const { window } = this;
    return window !== undefined && window.to > window.from
      ? window
      : { from: 0, to: 0, busyNs: this.runs.map(busyOf) };
  }

  /** The part that each guest had of what all had; alone on its GPU, a guest has all of it. */
  shares(): readonly number[] {
    const { busyNs } = this.competed;
    const total = busyNs.reduce((sum, ns) => sum + ns, 0);
    return busyNs.map((ns, index) => {
      if (this.isAlone(index)) {
        return 1;
      }
      return total === 0 ? 0 : ns / total;
    });
  }

  dues(): readonly number[] {
    return this.runs.map(({ guest: { gpu } }, index) =>
      gpu === undefined || this.isAlone(index) ? 1 : gpu.sharing.due[gpu.tenant],
    );
  }

  private isAlone(index: number): boolean {
    const sharing = this.runs[index].guest.gpu?.sharing;
    return (
      sharing === undefined ||
      this.runs.every(({ guest }, other) => other === index || guest.gpu?.sharing !== sharing)
    );
  }

  report(fromNs: number, toNs: number): SharingReport {
    const shares = this.shares();
    const dues = this.dues();
    const { from, to } = this.competed;
    return {
      windowNs: to - from,
      jain: jain(shares.map((share, index) => share / dues[index])),
      timeline: {
        fromNs,
        binNs: (toNs - fromNs) / BINS,
        busy: this.runs.map((run) => timeline(run, fromNs, toNs)),
      },
    };
  }
}

function busyOf({ guest: { gpu } }: GuestRun): number {
  return gpu === undefined ? 0 : gpu.sharing.ledger.useOf(gpu.tenant).busyNs;
}

/** Nanoseconds of the driver's waits by reason; `schedule`: the guest had work for the GPU, and others had it. */
export function waitsOf({ guest: { cpu, gpu } }: GuestRun): Readonly<Record<string, number>> {
  const waits = waitReasons.map((reason, index): [string, number] => [reason, cpu.waitedNs[index]]);
  const schedule = gpu === undefined ? 0 : gpu.sharing.ledger.useOf(gpu.tenant).waitNs;
  return Object.fromEntries(
    [...waits.filter(([reason]) => reason !== 'schedule'), ['schedule', schedule] as const].filter(
      ([, ns]) => ns > 0,
    ),
  );
}

/** The index of Jain, Chiu and Hawe (DEC-TR-301, 1984): 1 when all have what they are due, 1/n when one has all. */
export function jain(parts: readonly number[]): number {
  const sum = parts.reduce((total, part) => total + part, 0);
  const squares = parts.reduce((total, part) => total + part * part, 0);
  return squares === 0 ? 1 : (sum * sum) / (parts.length * squares);
}

/** The part of each bin in which the guest had the engines. */
function timeline({ guest: { gpu } }: GuestRun, from: number, to: number): readonly number[] {
  const bins = new Array<number>(BINS).fill(0);
  const width = (to - from) / BINS;
  if (gpu === undefined || width <= 0) {
    return bins;
  }
  for (const span of gpu.sharing.ledger.eachSpan()) {
    if (span.tenant === gpu.tenant && span.to > from && span.from < to) {
      book(bins, (span.from - from) / width, (span.to - from) / width);
    }
  }
  return bins.map((part) => Math.round(part * 1e4) / 1e4);
}

/** Adds the time from `begin` to `end`, in bins, to the bins that it touches. */
function book(bins: number[], begin: number, end: number): void {
  const first = Math.max(0, Math.floor(begin));
  const last = Math.min(bins.length - 1, Math.floor(end));
  for (let bin = first; bin <= last; bin++) {
    bins[bin] += Math.max(0, Math.min(end, bin + 1) - Math.max(begin, bin));
  }
}
