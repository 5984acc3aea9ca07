import { EngineLedger, schedulers, type GpuSharing } from '@doorbell/hypervisor';
import { beforeEach, describe, expect, it } from 'vitest';
import type { GuestRun } from '../src/guest-run.ts';
import { jain, SharingWatch, waitsOf } from '../src/sharing-report.ts';

const REASONS = 7;

/** What the report reads of a guest's run. */
interface FakeRun {
  drewFrom: number;
  drewTo: number;
  readonly guest: {
    readonly gpu: { readonly sharing: Pick<GpuSharing, 'ledger' | 'due'>; readonly tenant: number };
    readonly cpu: { readonly waitedNs: Float64Array };
  };
}

function newLedger(tenants: number): EngineLedger {
  const shares = Array.from({ length: tenants }, () => ({ weight: 1, cap: 0 }));
  const arbiter = schedulers.get('round-robin')!.make(shares, { sliceNs: 1000 });
  const ledger = new EngineLedger(arbiter, tenants);
  shares.forEach((_, tenant) => {
    ledger.join(tenant, 0);
    ledger.wake(tenant, 0);
  });
  return ledger;
}

let ledger: EngineLedger;
let runs: FakeRun[];
let watch: SharingWatch;

/** Guests that share a GPU. */
function setUp(due: readonly number[]): void {
  ledger = newLedger(due.length);
  const sharing = { ledger, due };
  runs = due.map((_, tenant) => ({
    ...{ drewFrom: Infinity, drewTo: Infinity },
    guest: { gpu: { sharing, tenant }, cpu: { waitedNs: new Float64Array(REASONS) } },
  }));
  watch = new SharingWatch(runs as unknown as GuestRun[]);
}

function begins(guest: number, at: number): void {
  runs[guest].drewFrom = at;
  watch.look(at);
}

function isDone(guest: number, at: number): void {
  runs[guest].drewTo = at;
  watch.look(at);
}

/** A packet, `[tenant, from, to]`. */
function ran(...packets: [number, number, number][]): void {
  packets.forEach(([tenant, from, to]) => {
    ledger.ran(tenant, to - from, to);
  });
}

beforeEach(() => {
  setUp([0.5, 0.5]);
});

describe("Jain's index", () => {
  it('is 1 when all have the same, however much, and when nobody has anything', () => {
    expect([jain([1, 1, 1]), jain([0.2, 0.2]), jain([7]), jain([0, 0])]).toEqual([1, 1, 1, 1]);
  });

  it('is 1/n when one has all', () => {
    expect(jain([1, 0])).toBe(0.5);
    expect(jain([0, 0, 3, 0])).toBe(0.25);
  });

  it('is what the paper has for k of n', () => {
    expect(jain([1, 1, 1, 0, 0, 0])).toBeCloseTo(0.5, 12);
    expect(jain([2, 1])).toBeCloseTo(9 / 10, 12);
  });
});

describe('the window', () => {
  it('is the time in which all draw, and shares are those of it', () => {
    begins(0, 100);
    ran([0, 100, 600]);
    begins(1, 600);
    ran([0, 600, 700], [1, 700, 1000]);
    isDone(0, 1000);
    ran([1, 1000, 9000]);
    isDone(1, 9000);
    expect(watch.shares()).toEqual([0.25, 0.75]);
    const { windowNs, jain: index } = watch.report(0, 9000);
    expect(windowNs).toBe(400);
    expect(index).toBeCloseTo(1 / (2 * (0.25 ** 2 + 0.75 ** 2)), 12);
  });

  it('begins with the last guest, also when its CPU is behind that of the others', () => {
    begins(0, 800);
    begins(1, 500);
    ran([0, 800, 900], [1, 900, 1000]);
    isDone(0, 1000);
    expect(watch.report(0, 1000).windowNs).toBe(200);
    expect(watch.shares()).toEqual([0.5, 0.5]);
  });

  it('is none when guests drew one after the other: shares are those of the run', () => {
    begins(0, 0);
    ran([0, 0, 300]);
    isDone(0, 300);
    begins(1, 300);
    ran([1, 300, 400]);
    isDone(1, 400);
    expect(watch.report(0, 400).windowNs).toBe(0);
    expect(watch.shares()).toEqual([0.75, 0.25]);
  });

  it('is none when a guest never drew', () => {
    begins(0, 0);
    isDone(0, 300);
    expect(watch.report(0, 400)).toMatchObject({ windowNs: 0, jain: 1 });
    expect(watch.shares()).toEqual([0, 0]);
  });
});

describe('a share', () => {
  it('is all of it for a guest that is alone on its GPU, and so is its due', () => {
    setUp([0.5]);
    expect([watch.shares(), watch.dues()]).toEqual([[1], [1]]);
    expect(watch.report(0, 100).jain).toBe(1);
  });

  it('is fair when it is what the guest is due, as unequal as that may be', () => {
    setUp([0.25, 0.75]);
    begins(0, 0);
    begins(1, 0);
    ran([0, 0, 100], [1, 100, 400]);
    isDone(0, 400);
    expect(watch.dues()).toEqual([0.25, 0.75]);
    expect(watch.report(0, 400).jain).toBe(1);
  });
});

describe('the timeline', () => {
  const sum = (bins: readonly number[]): number => bins.reduce((total, part) => total + part, 0);

  it('sums to the busy time of each guest', () => {
    let at = 0;
    for (let packet = 0; packet < 500; packet++) {
      const ns = 7 + ((packet * 7919) % 1300);
      // A gap of at least a microsecond, so that spans have no gaps in them.
      at += 1000 + ((packet * 31) % 100);
      ran([packet % 2, at, at + ns]);
      at += ns;
    }
    const { timeline } = watch.report(0, at);
    expect(timeline.busy.map((bins) => bins.length)).toEqual([60, 60]);
    timeline.busy.forEach((bins, guest) => {
      const { busyNs } = ledger.useOf(guest);
      // Each bin is rounded to four places.
      expect(Math.abs(sum(bins) * timeline.binNs - busyNs)).toBeLessThan(
        60 * 5e-5 * timeline.binNs,
      );
    });
    expect(Math.max(...timeline.busy.flat())).toBeLessThanOrEqual(1);
  });

  it('has a span in the bins that it touches, and only what is within the run', () => {
    ran([0, 0, 150], [1, 150, 170], [0, 1170, 1220], [1, 6050, 9000]);
    const { timeline } = watch.report(100, 6100);
    const bins = (guest: number): [number, number][] =>
      timeline.busy[guest].flatMap((part, bin) => (part === 0 ? [] : [[bin, part]]));
    expect(timeline).toMatchObject({ fromNs: 100, binNs: 100 });
    expect(bins(0)).toEqual([
      ...[
        [0, 0.5],
        [10, 0.3],
        [11, 0.2],
      ],
    ]);
    expect(bins(1)).toEqual([
      ...[
        [0, 0.2],
        [59, 0.5],
      ],
    ]);
  });

  it('of a run of no time is empty', () => {
    expect(sum(watch.report(5, 5).timeline.busy.flat())).toBe(0);
  });
});

describe('waits', () => {
  it('are those of the driver by reason, and beside them that others had the engines', () => {
    runs[0].guest.cpu.waitedNs.set([0, 0, 300, 0, 0, 999, 5]);
    ran([1, 0, 70], [0, 70, 100]);
    expect(waitsOf(runs[0] as unknown as GuestRun)).toEqual({ data: 300, time: 5, schedule: 70 });
    expect(waitsOf(runs[1] as unknown as GuestRun)).toEqual({});
  });
});
