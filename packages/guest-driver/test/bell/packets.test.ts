import { expect, it } from 'vitest';
import { clearPages, copyBytes } from '../../src/bell/packets.ts';

it('clears pages with one fill, a row per page', () => {
  expect([...clearPages(0x3000, 7)]).toEqual([0x0006_0010, 0x3000, 4096, 1024, 7, 0]);
});

it('copies bytes as one row', () => {
  expect([...copyBytes(0x3000, 0x9001, 77)]).toEqual([0x0007_0011, 0x3000, 77, 0x9001, 77, 77, 1]);
});
