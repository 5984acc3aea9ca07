import { expect, test } from 'vitest';
import { DirtyPages } from '../src/dirty-pages.ts';

test('bit n of a bitmap is bit n % 8 of byte n / 8, from wherever it is added', () => {
  const pages = new DirtyPages(10 * 0x1000);
  pages.set(0);
  pages.set(9);
  const bitmap = new Uint8Array(3);
  pages.addTo(bitmap, 0);
  expect(bitmap).toEqual(Uint8Array.of(0x01, 0x02, 0));
  pages.clear();
  pages.addTo(bitmap, 0);
  expect(bitmap).toEqual(Uint8Array.of(0x01, 0x02, 0));
  pages.setAll();
  pages.addTo(bitmap, 7);
  expect(bitmap).toEqual(Uint8Array.of(0x81, 0xff, 0x01));
});
