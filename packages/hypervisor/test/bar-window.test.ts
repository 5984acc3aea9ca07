import { expect, it } from 'vitest';
import { computer } from './computer.ts';

it('refuses offsets that are beyond the BAR or misaligned: a mistake of the caller', () => {
  const bar = computer().device.mapBar(0);
  expect(() => bar.read(4096, 4)).toThrow(RangeError);
  expect(() => bar.read(2, 4)).toThrow(RangeError);
  expect(() => {
    bar.writeBlock(4092, new Uint8Array(8));
  }).toThrow(RangeError);
});
