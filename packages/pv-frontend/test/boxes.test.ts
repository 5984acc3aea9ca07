import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boxesOf, transferable } from '../src/boxes.ts';

const picture = { width: 10, height: 8, stride: 40 };

describe('the boxes of a range of bytes', () => {
  test('are one of a buffer, in bytes', () => {
    expect(boxesOf(5, 12, undefined)).toEqual([
      { x: 5, y: 0, width: 7, height: 1, offset: 5, bytes: 7, stride: 0 },
    ]);
  });

  test('are the rest of a row, whole rows, and the beginning of one', () => {
    expect(boxesOf(44, 168, picture)).toEqual([
      { x: 1, y: 1, width: 9, height: 1, offset: 44, bytes: 36, stride: 40 },
      { x: 0, y: 2, width: 10, height: 2, offset: 80, bytes: 80, stride: 40 },
      { x: 0, y: 4, width: 2, height: 1, offset: 160, bytes: 8, stride: 40 },
    ]);
  });

  test('are one of whole rows', () => {
    expect(boxesOf(0, 320, picture)).toHaveLength(1);
  });

  test('are at most three, back to back, and cover the range and no more', () => {
    const range = fc.tuple(fc.integer({ min: 0, max: 79 }), fc.integer({ min: 1, max: 80 }));
    fc.assert(
      fc.property(range, ([from, pixels]) => {
        const start = from * 4;
        const end = Math.min(start + pixels * 4, 320);
        const boxes = boxesOf(start, end, picture);
        expect(boxes.length).toBeLessThanOrEqual(3);
        let at = start;
        for (const { x, y, width, height, offset, bytes } of boxes) {
          expect(offset).toBe(at);
          expect(y * 40 + x * 4).toBe(at);
          expect(width * height * 4).toBe(bytes);
          expect(x + width).toBeLessThanOrEqual(10);
          at += bytes;
        }
        expect(at).toBe(end);
      }),
    );
  });

  test('transfers move whole pixels of an image, and bytes of a buffer', () => {
    expect(transferable(3, 2, picture)).toEqual({ start: 0, end: 8 });
    expect(transferable(4, 4, picture)).toEqual({ start: 4, end: 8 });
    expect(transferable(3, 2, undefined)).toEqual({ start: 3, end: 5 });
  });
});
