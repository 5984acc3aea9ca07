import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEdid, edidBlock, edidSum, encodeEdid } from '../src/edid.ts';
import { reducedBlanking } from '../src/timing.ts';

/** A 640x480 display, byte by byte from E-EDID 1.4 §3. */
const golden = Uint8Array.of(
  ...[0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00], // header
  ...[0x10, 0x4c], // D, B, L: 00100 00010 01100
  ...[0x11, 0x11], // product
  ...[0x00, 0x00, 0x00, 0x00], // no serial number
  ...[0x00, 0x24], // 2026
  ...[0x01, 0x04], // E-EDID 1.4
  ...[0xa5, 0x00, 0x00, 0x78, 0x06], // digital, size unknown, gamma 2.2, sRGB and preferred timing
  ...[0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54], // sRGB
  ...[0x00, 0x00, 0x00], // no established timing
  ...[0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01], // no standard timing
  ...[0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01],
  // 23.50 MHz, 640 688 720 800, 480 483 487 494
  ...[0x2e, 0x09, 0x80, 0xa0, 0x20, 0xe0, 0x0e, 0x10, 0x30, 0x20, 0x34, 0x00, 0, 0, 0, 0, 0, 0x1a],
  // The name: Doorbell, a line feed, four spaces
  ...[0x00, 0x00, 0x00, 0xfc, 0x00, 0x44, 0x6f, 0x6f, 0x72, 0x62, 0x65, 0x6c, 0x6c, 0x0a],
  ...[0x20, 0x20, 0x20, 0x20],
  ...[0x00, 0x00, 0x00, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // a dummy
  ...[0x00, 0x00, 0x00, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  ...[0x00, 0x0c], // no extension; checksum
);

describe('an EDID block', () => {
  it('is laid out as the specification says', () => {
    expect(edidBlock.size).toBe(128);
    expect(edidBlock.offsets).toEqual({
      ...{ header: 0, manufacturer: 8, product: 10, serial: 12, week: 16, year: 17 },
      ...{ version: 18, revision: 19, input: 20, widthCm: 21, heightCm: 22, gamma: 23 },
      ...{ features: 24, chromaticity: 25, established: 35, standard: 38, descriptors: 54 },
      ...{ extensions: 126, checksum: 127 },
    });
  });

  it('has its golden bytes', () => {
    expect(encodeEdid('DBL', 0x1111, 'Doorbell', 640, 480)).toEqual(golden);
    expect(decodeEdid(golden)).toEqual({
      manufacturer: 'DBL',
      product: 0x1111,
      name: 'Doorbell',
      preferred: reducedBlanking(640, 480),
    });
  });

  it('sums to zero', () => {
    expect(edidSum(golden)).toBe(0);
    expect(edidSum(golden.subarray(0, 127))).toBe(0x100 - 0x0c);
  });

  it('is refused when any one bit of it is damaged', () => {
    fc.assert(
      fc.property(fc.nat(127), fc.nat(7), (at, bit) => {
        const damaged = golden.slice();
        damaged[at] = damaged[at] ^ (1 << bit);
        expect(decodeEdid(damaged)).toBeUndefined();
      }),
    );
  });

  it('is refused when its header or its timing is missing though the sum is right', () => {
    const resum = (block: Uint8Array): Uint8Array => {
      block[127] = 0;
      block[127] = -edidSum(block);
      return block;
    };
    expect(decodeEdid(new Uint8Array(128))).toBeUndefined();
    const noTiming = golden.slice();
    noTiming.fill(0, 54, 56);
    expect(decodeEdid(resum(noTiming))).toBeUndefined();
    const noName = golden.slice();
    noName[54 + 18 + 3] = 0x10;
    expect(decodeEdid(resum(noName))?.name).toBe('');
  });

  it('may be followed by extension blocks', () => {
    const longer = new Uint8Array(256).fill(0x77);
    longer.set(golden);
    expect(decodeEdid(longer)?.name).toBe('Doorbell');
  });

  it('cannot be decoded from fewer bytes', () => {
    expect(() => decodeEdid(golden.subarray(0, 127))).toThrow(RangeError);
  });

  it('holds a name of up to 13 letters, without a line feed when it is full', () => {
    for (const name of ['', 'A', 'twelve chars', 'just thirteen', 'and more than that']) {
      expect(decodeEdid(encodeEdid('ABZ', 1, name, 800, 600))?.name).toBe(name.slice(0, 13));
    }
  });

  it('survives a round trip for any size that a timing can hold', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 64, max: 3000 }),
        fc.integer({ min: 64, max: 2000 }),
        (w, h) => {
          expect(decodeEdid(encodeEdid('XYZ', 7, 'any', w, h))).toEqual({
            manufacturer: 'XYZ',
            product: 7,
            name: 'any',
            preferred: reducedBlanking(w, h),
          });
        },
      ),
    );
  });
});
