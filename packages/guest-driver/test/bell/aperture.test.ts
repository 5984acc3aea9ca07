import fc from 'fast-check';
import { expect, it } from 'vitest';
import { storeBytes } from '../../src/bell/aperture.ts';
import { MemoryWindow } from '../memory-window.ts';

it('stores whole words as one block', () => {
  const window = new MemoryWindow(64);
  storeBytes(window, 8, new Uint8Array(16));
  expect(window.log).toEqual(['block 0x8+16']);
});

it('stores what is before and behind whole words byte by byte', () => {
  const window = new MemoryWindow(64);
  storeBytes(window, 7, Uint8Array.of(1, 2, 3, 4, 5, 6));
  expect(window.log).toEqual(['write8 0x7 = 0x1', 'block 0x8+4', 'write8 0xc = 0x6']);
});

it('changes the bytes it is given and no others, with aligned blocks', () => {
  fc.assert(
    fc.property(fc.nat({ max: 20 }), fc.uint8Array({ maxLength: 40 }), (offset, bytes) => {
      const window = new MemoryWindow(64);
      storeBytes(window, offset, bytes);
      const expected = new Uint8Array(64);
      expected.set(bytes, offset);
      expect(window.bytes).toEqual(expected);
      for (const line of window.log) {
        const [, at, length] = /^block 0x(\w+)\+(\d+)$/.exec(line) ?? [];
        expect(at === undefined || parseInt(at, 16) % 4 === 0).toBe(true);
        expect(Number(length ?? 0) % 4).toBe(0);
      }
    }),
  );
});
