import { expect, it } from 'vitest';
import { SharedMemory } from '../src/shared-memory.ts';

const endpoint = {
  configRead: () => 0,
  configWrite: () => {},
  barRead: () => 0,
  barWrite: () => {},
  barMemory: () => undefined,
};
const doorbell = (offset: number) => ({ endpoint, bar: 1, offset });

it('tells whoever has the address space when a page leads elsewhere', () => {
  let changes = 0;
  const shared = new SharedMemory(4, () => changes++);
  shared.map(2, doorbell(0x3000));
  shared.map(0, doorbell(0x7000));
  expect(changes).toBe(2);
  expect(shared.mapped()).toEqual([
    [0, doorbell(0x7000)],
    [2, doorbell(0x3000)],
  ]);
  shared.unmap(2);
  shared.unmap(2);
  expect(changes).toBe(3);
  expect(shared.mapped()).toEqual([[0, doorbell(0x7000)]]);
});

it.each([-1, 4, NaN])('has no page %s of four', (page) => {
  const shared = new SharedMemory(4, () => {});
  expect(() => shared.map(page, doorbell(0))).toThrow(RangeError);
});

it('is a BAR of 64 bits, prefetchable, of its pages', () => {
  const { bar } = new SharedMemory(128, () => {});
  expect(bar).toEqual({ index: 2, size: 0x80000, is64: true, prefetchable: true });
});
