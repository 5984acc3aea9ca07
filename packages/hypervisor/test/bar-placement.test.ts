import type { BarShape } from '@doorbell/abi';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BarPlacement } from '../src/bar-placement.ts';

const low = (size: number): BarShape => ({ size, is64: false, prefetchable: false });
const high = (size: number): BarShape => ({ size, is64: true, prefetchable: true });

test('a BAR stands at a multiple of its size, behind those before it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 4, max: 22 }), { maxLength: 20 }), (sizes) => {
      const placement = new BarPlacement();
      let end = 0xe0000000;
      for (const shape of sizes.map((bits) => low(2 ** bits))) {
        const address = placement.place(shape);
        expect(address % shape.size).toBe(0);
        expect(address).toBeGreaterThanOrEqual(end);
        end = address + shape.size;
      }
    }),
  );
});

test('only what a prefetchable window may hold goes above 4 GiB', () => {
  const placement = new BarPlacement();
  expect(placement.place(high(4096))).toBe(0x10_0000_0000);
  expect(placement.place({ ...high(4096), prefetchable: false })).toBe(0xe0000000);
  expect(placement.place({ ...low(4096), prefetchable: true })).toBe(0xe0001000);
});

test('what is behind a bridge has whole MiB to itself', () => {
  const placement = new BarPlacement();
  placement.place(low(4096));
  const { memory, prefetch } = placement.behindBridge(() => {
    expect(placement.place(low(16))).toBe(0xe0100000);
  });
  expect(memory).toEqual({ base: 0xe0100000, end: 0xe0200000 });
  expect(prefetch).toEqual({ base: 0x10_0000_0000, end: 0x10_0000_0000 });
  expect(placement.place(low(16))).toBe(0xe0200000);
});

test('the place of the I/O APIC is not given away', () => {
  const placement = new BarPlacement();
  placement.place(low(0x10000000));
  placement.place(low(0x8000000));
  placement.place(low(0x4000000));
  placement.place(low(0x2000000));
  expect(() => placement.place(low(0x1000000))).toThrow('no room for a BAR of 16777216 bytes');
});
