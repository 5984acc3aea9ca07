import { expect, test } from 'vitest';
import { inOrder } from '../../src/beside/order.ts';

const report = (profile: string, times: Readonly<Record<string, number | null>>) => ({
  profile,
  stacks: Object.entries(times).map(([name, virtualNs]) => ({ name, time: { virtualNs } })),
});
const reports = [
  report('kvm', { pv: 30, native: 10, emulated: null, mdev: 20, sriov: 10 }),
  report('free', { pv: 1, native: 2, emulated: 3, mdev: 4, sriov: 5 }),
];

test('the quickest under the profile is first; equals stay, and what has no time is last', () => {
  expect(inOrder(reports, 'kvm', [])).toEqual(['native', 'sriov', 'mdev', 'pv', 'emulated']);
  expect(inOrder(reports, 'free', [])[0]).toBe('pv');
});

test('before there are times it is as it was asked for', () => {
  expect(inOrder([], 'kvm', ['pv', 'native'])).toEqual(['pv', 'native']);
});
