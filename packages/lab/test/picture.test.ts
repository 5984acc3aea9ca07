import { describe, expect, it } from 'vitest';
import { diffPicture, halfBlocks, type Picture } from '../src/picture.ts';

function picture(
  width: number,
  height: number,
  ...pixels: readonly (readonly number[])[]
): Picture {
  return { width, height, pixels: Uint8Array.from(pixels.flat()) };
}

const RED = [255, 0, 0, 255];
const BLACK = [0, 0, 0, 255];
const WHITE = [255, 255, 255, 255];

describe('diffPicture', () => {
  it('marks differences from red to yellow on a dim grey copy', () => {
    const a = picture(4, 1, WHITE, BLACK, BLACK, BLACK);
    const b = picture(4, 1, WHITE, [1, 0, 0, 255], [0, 192, 0, 255], WHITE);
    expect(diffPicture(a, b)).toEqual(
      picture(4, 1, [63, 63, 63, 255], [255, 0, 0, 255], [255, 129, 0, 255], [255, 255, 0, 255]),
    );
  });

  it('sees a difference in alpha alone', () => {
    expect(diffPicture(picture(1, 1, BLACK), picture(1, 1, [0, 0, 0, 254])).pixels[0]).toBe(255);
  });

  it('takes pictures of different sizes', () => {
    const diff = diffPicture(picture(1, 2, BLACK, BLACK), picture(2, 1, BLACK, BLACK));
    const yellow = [255, 255, 0, 255];
    expect(diff).toEqual(picture(2, 2, BLACK, yellow, yellow, yellow));
  });
});

describe('halfBlocks', () => {
  it('shows two pixels in each character, the upper one as its foreground', () => {
    expect(halfBlocks(picture(1, 2, RED, [0, 0, 255, 255]), 10)).toEqual([
      '\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[0m',
    ]);
  });

  it('names colours only where they change', () => {
    const [line] = halfBlocks(picture(3, 2, RED, RED, WHITE, RED, RED, WHITE), 3);
    expect(line).toBe(
      '\x1b[38;2;255;0;0;48;2;255;0;0m▀▀\x1b[38;2;255;255;255;48;2;255;255;255m▀\x1b[0m',
    );
  });

  it('takes the mean colour of what a character covers', () => {
    const checks = picture(2, 4, BLACK, WHITE, WHITE, BLACK, RED, RED, BLACK, BLACK);
    expect(halfBlocks(checks, 1)).toEqual(['\x1b[38;2;128;128;128;48;2;128;0;0m▀\x1b[0m']);
  });

  it('keeps the picture’s shape, and never exceeds the columns', () => {
    const wide = { width: 640, height: 480, pixels: new Uint8Array(640 * 480 * 4) };
    const lines = halfBlocks(wide, 64);
    expect(lines.length).toBe(24);
    expect(lines.every((line) => line.split('▀').length - 1 === 64)).toBe(true);
    expect(halfBlocks({ width: 1000, height: 1, pixels: new Uint8Array(4000) }, 80).length).toBe(1);
  });
});
