import { expect, test } from 'vitest';
import { VfioProcess } from '../src/vfio-process.ts';

test('its memory is where it was put, and counts what is pinned', () => {
  const process = new VfioProcess({ name: 'qemu', base: 0x10_0000, bytes: 0x2000 });
  expect([process.pin(0), process.pin(0x1000), process.pin(0x2000), process.pin(-1)]).toEqual([
    0x10_0000, 0x10_1000, -1, -1,
  ]);
  expect([process.pins, process.lockLimit]).toEqual([2, 2]);
  process.unpin();
  expect(process.pins).toBe(1);
});

test('when it dies, what it has not closed is closed, in order', () => {
  const process = new VfioProcess({ name: 'qemu', base: 0, bytes: 0x1000, lockLimit: 7 });
  const closed: string[] = [];
  const file = (name: string): { close: () => void } => ({ close: () => closed.push(name) });
  process.opened(file('one'));
  const two = process.opened(file('two'));
  process.opened(file('three'));
  process.opened(two);
  process.close(two);
  process.exit();
  process.exit();
  expect(closed).toEqual(['two', 'one', 'three', 'two']);
  expect(() => {
    process.close(two);
  }).toThrow('qemu does not have that file open.');
});
