import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteEnablesOf, tlpCommonLayout, tlpLayouts, type HeaderField } from '../src/tlp.ts';

describe('2.2.5: byte enables', () => {
  it.each([
    ['a byte at 1', 1, 1, { length: 1, firstBe: 0b0010, lastBe: 0 }],
    ['two bytes at 2', 2, 2, { length: 1, firstBe: 0b1100, lastBe: 0 }],
    ['a double word', 8, 4, { length: 1, firstBe: 0b1111, lastBe: 0 }],
    ['four bytes across two double words', 3, 4, { length: 2, firstBe: 0b1000, lastBe: 0b0111 }],
    ['64 bytes', 0, 64, { length: 16, firstBe: 0b1111, lastBe: 0b1111 }],
    ['seven bytes from 5', 5, 7, { length: 2, firstBe: 0b1110, lastBe: 0b1111 }],
  ])('of %s', (_, address, bytes, expected) => {
    expect(byteEnablesOf(address, bytes)).toEqual(expected);
  });

  it('enable exactly the bytes, and no last one where there is but one double word', () => {
    const ones = (mask: number): number => mask.toString(2).replaceAll('0', '').length;
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.integer({ min: 1, max: 4096 }), (address, bytes) => {
        const { length, firstBe, lastBe } = byteEnablesOf(address, bytes);
        const whole = 4 * Math.max(0, length - 2);
        expect(ones(firstBe) + whole + ones(lastBe)).toBe(bytes);
        expect(length === 1).toBe(lastBe === 0);
      }),
    );
  });
});

it.each(Object.keys(tlpLayouts) as (keyof typeof tlpLayouts)[])(
  'no two fields of a header of shape %s share a bit',
  (shape) => {
    const taken = [0, 0, 0, 0];
    const fields: HeaderField[] = Object.values({ ...tlpCommonLayout, ...tlpLayouts[shape] });
    for (const { word, mask } of fields) {
      expect((taken[word] & mask) >>> 0).toBe(0);
      taken[word] |= mask;
    }
  },
);
