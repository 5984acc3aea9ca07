import { expect, test } from 'vitest';
import { hostWith, written } from './hierarchy.ts';

test('a hierarchy is plugged in as its data says', () => {
  const { topology } = hostWith([
    { at: [1, 0], kind: 'ROOT_PORT', acs: true, behind: [{ at: [0, 0], kind: 'endpoint' }] },
    { at: [2, 0], kind: 'conventional' },
    { at: [3, 0], kind: 'integrated' },
  ]);
  expect(written([topology.functions()])).toEqual(['00:01.0 00:02.0 00:03.0 01:00.0']);
  expect(topology.endpoint(0x08).configRead(0x0a, 2)).toBe(0x0604);
  expect(topology.endpoint(0x10).configRead(0x02, 2)).toBe(0x11e8);
  expect(topology.endpoint(0x18).configRead(0x62, 2)).toBe(0x92);
  expect(topology.endpoint(0x100).configRead(0x62, 2)).toBe(0x02);
});
