import { expect, it } from 'vitest';
import type { GuestRun } from '../src/guest-run.ts';
import { jain, SharingWatch } from '../src/sharing-report.ts';

/** A guest of a GPU that two share, and what it had of the engines. */
function guest(tenant: number, sharing: object) {
  return { drewFrom: Infinity, drewTo: Infinity, guest: { gpu: { sharing, tenant } } };
}

it('counts what guests had while all drew, also when the last begins at a time that another has passed', () => {
  const busyNs = [0, 0];
  const sharing = {
    due: [0.5, 0.5],
    ledger: { useOf: (tenant: number) => ({ busyNs: busyNs[tenant] }), eachSpan: () => [] },
  };
  const [first, last] = [guest(0, sharing), guest(1, sharing)];
  const watch = new SharingWatch([first, last] as unknown as GuestRun[]);
  first.drewFrom = 50;
  watch.look(50);
  busyNs[0] = 40;
  last.drewFrom = 30;
  watch.look(30);
  busyNs[0] += 10;
  busyNs[1] += 30;
  first.drewTo = 90;
  watch.look(90);
  busyNs[1] += 1000;
  last.drewTo = 1090;
  watch.look(1090);
  expect(watch.shares()).toEqual([0.25, 0.75]);
  expect(watch.report(0, 100).windowNs).toBe(40);
});

it('gives 1 when all have the same part, and 1/n when one of n has all', () => {
  expect(jain([0.5, 0.5, 0.5])).toBe(1);
  expect(jain([0, 3, 0, 0])).toBe(0.25);
  expect(jain([0, 0])).toBe(1);
});
