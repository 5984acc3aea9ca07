import { gpuFormats } from '@doorbell/abi';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromRgba, pixelFormat, toRgba } from '../../src/gpu/pixels.ts';

/** The bytes 10, 20, 30, 40 in each format, by hand (§5.7.6.8): formats are named by bytes in memory. */
const golden: Record<keyof typeof gpuFormats, readonly number[]> = {
  B8G8R8A8_UNORM: [30, 20, 10, 40],
  B8G8R8X8_UNORM: [30, 20, 10, 255],
  A8R8G8B8_UNORM: [20, 30, 40, 10],
  X8R8G8B8_UNORM: [20, 30, 40, 255],
  R8G8B8A8_UNORM: [10, 20, 30, 40],
  X8B8G8R8_UNORM: [40, 30, 20, 255],
  A8B8G8R8_UNORM: [40, 30, 20, 10],
  R8G8B8X8_UNORM: [10, 20, 30, 255],
};
const names = Object.keys(golden) as (keyof typeof golden)[];

it.each(names)('5.7.6.8: %s becomes R, G, B, A', (name) => {
  const pixels = Uint8Array.of(10, 20, 30, 40, 10, 20, 30, 40);
  toRgba(pixelFormat(gpuFormats[name])!, pixels);
  expect([...pixels]).toEqual([...golden[name], ...golden[name]]);
});

it('comes back as it was, but for bytes that mean nothing', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...names.filter((name) => !name.includes('X'))),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      (name, pixel) => {
        const format = pixelFormat(gpuFormats[name])!;
        const there = pixel.slice();
        toRgba(format, there);
        fromRgba(format, there);
        expect(there).toEqual(pixel);
      },
    ),
  );
});

it('knows no other format', () => {
  const known = Object.values(gpuFormats) as number[];
  for (let number = 0; number < 300; number++) {
    expect(pixelFormat(number) !== undefined).toBe(known.includes(number));
  }
});
