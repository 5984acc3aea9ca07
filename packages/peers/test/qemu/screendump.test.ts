import { describe, expect, it } from 'vitest';
import { decodePpm } from '../../src/qemu/screendump.ts';

const ppm = (header: string, ...bytes: number[]): Uint8Array =>
  Uint8Array.from([...Buffer.from(header), ...bytes]);

describe('a screendump', () => {
  it('is a binary PPM: three bytes a pixel become four', () => {
    expect(decodePpm(ppm('P6\n2 1\n255\n', 1, 2, 3, 10, 32, 9))).toEqual({
      width: 2,
      height: 1,
      pixels: Uint8Array.of(1, 2, 3, 255, 10, 32, 9, 255),
    });
  });

  it('may have padded rows', () => {
    const file = ppm('P6\n1 2\n255\n', 1, 2, 3, 0, 4, 5, 6, 0);
    expect(decodePpm(file).pixels).toEqual(Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255));
  });

  it('is refused when it is something else, or cut off', () => {
    expect(() => decodePpm(ppm('P5\n2 1\n255\n', 1, 2))).toThrow(RangeError);
    expect(() => decodePpm(ppm('P6\n2 1\n65535\n', 1, 2, 3, 4, 5, 6))).toThrow(RangeError);
    expect(() => decodePpm(ppm('P6\n2 1\n255\n', 1, 2, 3, 4, 5))).toThrow(
      'A PPM of 2x1 pixels has too few bytes.',
    );
    expect(() => decodePpm(new Uint8Array(0))).toThrow(RangeError);
  });
});
