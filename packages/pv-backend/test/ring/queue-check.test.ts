import { RingError } from '@doorbell/abi';
import { expect, test } from 'vitest';
import { PackedDeviceQueue } from '../../src/ring/packed.ts';
import { checkQueue } from '../../src/ring/queue-check.ts';
import { SplitDeviceQueue } from '../../src/ring/split.ts';
import { MEMORY_BYTES, newMemory } from './hand-written.ts';

const split = { size: 4, descriptors: 0, driver: 64, device: 80 };
const packed = { size: 3, descriptors: 0, driver: 48, device: 52 };

test('a good queue is taken', () => {
  checkQueue(false, newMemory(), split);
  checkQueue(true, newMemory(), packed);
});

test.each([0, 3, 65536, NaN])('2.7: a split queue of %d entries is refused', (size) => {
  expect(() => checkQueue(false, newMemory(), { ...split, size })).toThrow(RingError);
});

test.each([0, 32769, 0.5])('2.8: a packed queue of %d entries is refused', (size) => {
  expect(() => checkQueue(true, newMemory(), { ...packed, size })).toThrow(RingError);
});

test.each([
  [false, 'descriptors', 8, 16],
  [false, 'driver', 65, 2],
  [false, 'device', 82, 4],
  [true, 'descriptors', 4, 16],
  [true, 'driver', 50, 4],
  [true, 'device', 54, 4],
] as const)('2.7.1, 2.8.11: packed %s, %s at %d is not aligned', (isPacked, part, at, to) => {
  const setup = { ...(isPacked ? packed : split), [part]: at };
  const Queue = isPacked ? PackedDeviceQueue : SplitDeviceQueue;
  const options = { indirect: false, eventIdx: false, inOrder: false };
  expect(() => new Queue(newMemory(), setup, options)).toThrow(`a multiple of ${to}`);
});

test.each(['descriptors', 'driver', 'device'] as const)(
  'a queue whose %s part ends beyond memory is refused',
  (part) => {
    const setup = { ...split, [part]: MEMORY_BYTES };
    expect(() => checkQueue(false, newMemory(), setup)).toThrow(/cannot reach/);
  },
);

test('the device writes its own part, and the descriptors of a packed queue', () => {
  const written = (isPacked: boolean): boolean[] => {
    const memory = newMemory();
    const writes: boolean[] = [];
    memory.reaches = (...[, , write]: unknown[]) => {
      writes.push(write === true);
      return true;
    };
    checkQueue(isPacked, memory, isPacked ? packed : split);
    return writes;
  };
  expect(written(false)).toEqual([false, false, true]);
  expect(written(true)).toEqual([true, false, true]);
});
