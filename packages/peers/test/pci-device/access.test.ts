import { expect, it } from 'vitest';
import { readParts, writeParts } from '../../src/pci-device/access.ts';

/** The parts of a range: offsets and widths. */
const partsOf = (offset: number, bytes: number): [number, number][] => {
  const parts: [number, number][] = [];
  readParts(offset, new Uint8Array(bytes), (at, width) => {
    parts.push([at, width]);
    return 0;
  });
  return parts;
};

it('splits 8 bytes into two accesses of 4, in the order of their addresses', () => {
  expect(partsOf(0x20, 8)).toEqual([
    [0x20, 4],
    [0x24, 4],
  ]);
});

it('makes aligned accesses only', () => {
  expect(partsOf(2, 4)).toEqual([
    [2, 2],
    [4, 2],
  ]);
  expect(partsOf(1, 7)).toEqual([
    [1, 1],
    [2, 2],
    [4, 4],
  ]);
});

it('leaves accesses that a function knows as they are', () => {
  expect(partsOf(0x3d, 1)).toEqual([[0x3d, 1]]);
  expect(partsOf(0x2e, 2)).toEqual([[0x2e, 2]]);
  expect(partsOf(0x10, 4)).toEqual([[0x10, 4]]);
});

it('puts the low byte first', () => {
  const into = new Uint8Array(8);
  readParts(0, into, (at) => (at === 0 ? 0x44332211 : 0xddccbbaa));
  expect([...into]).toEqual([0x11, 0x22, 0x33, 0x44, 0xaa, 0xbb, 0xcc, 0xdd]);
  const written: number[] = [];
  writeParts(0, into, (_at, _width, value) => written.push(value));
  expect(written).toEqual([0x44332211, 0xddccbbaa]);
});
