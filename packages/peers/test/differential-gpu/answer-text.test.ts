import { describe, expect, test } from 'vitest';
import { answerText } from '../../src/differential-gpu/answer-text.ts';
import { differingPixels } from '../../src/picture-difference.ts';

describe('what two devices answered', () => {
  test('every byte of an answer counts, and so does what was written beyond it', () => {
    const bytes = new Uint8Array(32).fill(0xa5);
    bytes.set([0x00, 0x11, 0, 0, ...new Uint8Array(20)]);
    expect(answerText({ used: 24, bytes }, 0)).toBe('24 bytes OK_NODATA');
    const echoed = bytes.with(8, 9);
    expect(answerText({ used: 24, bytes: echoed }, 0)).toBe('24 bytes OK_NODATA 0000000009');
    const beyond = bytes.with(24, 1);
    expect(answerText({ used: 24, bytes: beyond }, 0)).toContain('more than that');
    expect(answerText({ used: -1, bytes }, 0)).toBe('never answered');
    expect(answerText({ used: 3, bytes: Uint8Array.of(1, 2, 3) }, 0)).toBe('3 bytes 010203');
  });

  test('pictures differ by their colours and their sizes, not by what a screen has not', () => {
    const picture = { width: 2, height: 1, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
    expect(differingPixels(picture, { ...picture, pixels: picture.pixels.with(3, 99) })).toBe(0);
    expect(differingPixels(picture, { ...picture, pixels: picture.pixels.with(4, 99) })).toBe(1);
    expect(differingPixels(picture, { ...picture, width: 1, height: 2 })).toBe(2);
  });
});
