import { drawFlags } from '@doorbell/abi';
import { beforeEach, describe, expect, it } from 'vitest';
import { Canvas, type Corner, FAR, pixel } from './canvas.ts';

const { DEPTH_TEST, DEPTH_WRITE } = drawFlags;
const BOTH = DEPTH_TEST | DEPTH_WRITE;
const RED = 0xff0000ff;
const GREEN = 0xff00ff00;
const SIZE = 16;

/** A triangle over the whole canvas. */
function cover(depth: number, color: number): Corner[] {
  return [
    { x: 0, y: 0, depth, color },
    { x: 0, y: 2 * SIZE, depth, color },
    { x: 2 * SIZE, y: 0, depth, color },
  ];
}

const gray = (value: number): number =>
  ((value << 24) | (value << 16) | (value << 8) | value) >>> 0;

describe('a row of pixels', () => {
  let canvas: Canvas;
  beforeEach(() => {
    canvas = new Canvas(SIZE, SIZE);
  });

  it('passes the depth test where it is nearer, not where it is as near', () => {
    canvas.draw(cover(0.5, RED), BOTH);
    expect(canvas.depthAt(3, 3)).toBe(0x800000);
    canvas.draw(cover(0.5, GREEN), BOTH);
    expect(canvas.at(3, 3)).toBe(RED);
    canvas.draw(cover(0.75, GREEN), BOTH);
    expect(canvas.at(3, 3)).toBe(RED);
    canvas.draw(cover(0.25, GREEN), BOTH);
    expect([canvas.at(3, 3), canvas.depthAt(3, 3)]).toEqual([GREEN, 0x400000]);
  });

  it('tests without writing, writes without testing, and does neither', () => {
    canvas.draw(cover(0.5, RED), DEPTH_TEST);
    expect([canvas.at(0, 0), canvas.depthAt(0, 0)]).toEqual([RED, FAR]);
    canvas.draw(cover(0.25, RED), DEPTH_WRITE);
    canvas.draw(cover(0.75, GREEN), DEPTH_WRITE);
    expect([canvas.at(0, 0), canvas.depthAt(0, 0)]).toEqual([GREEN, 0xbfffff]);
    canvas.draw(cover(1, RED));
    expect([canvas.at(0, 0), canvas.depthAt(0, 0)]).toEqual([RED, 0xbfffff]);
  });

  it('compares depths as words without sign', () => {
    canvas.depth.words[canvas.depth.base] = 0xffffffff;
    canvas.depth.words[canvas.depth.base + 1] = 0;
    canvas.draw(cover(1, RED), BOTH);
    expect([canvas.at(0, 0), canvas.at(1, 0), canvas.at(2, 0)]).toEqual([RED, 0, 0]);
    expect(canvas.depthAt(0, 0)).toBe(0xffffff);
  });

  it('interpolates depth evenly on the screen, to the nearest', () => {
    const corners: Corner[] = [
      { x: 0, y: 0, depth: 0 },
      { x: 0, y: 2 * SIZE, depth: 0 },
      { x: 2 * SIZE, y: 0, depth: 1 },
    ];
    canvas.draw(corners, BOTH);
    for (let x = 0; x < SIZE; x++) {
      expect(canvas.depthAt(x, 2)).toBe(Math.round((0xffffff * (x + 0.5)) / (2 * SIZE)));
    }
  });

  it('gives the same picture in whichever order triangles are drawn', () => {
    // Three slopes that cross one another, nowhere at a pixel's centre.
    const slopes = [
      [0.1, 0.9, 0.3],
      [0.5, 0.1, 0.5],
      [0.35, 0.35, 0.35],
    ].map(([a, b, c], index): Corner[] => [
      { x: 0, y: 0, depth: a, color: gray(60 * (index + 1)) },
      { x: 0, y: 2 * SIZE, depth: b, color: gray(60 * (index + 1)) },
      { x: 2 * SIZE, y: 0, depth: c, color: gray(60 * (index + 1)) },
    ]);
    const pictures = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ].map((order) => {
      // prettier-ignore
      const fresh = new Canvas(SIZE, SIZE);
      for (const index of order) {
        fresh.draw(slopes[index], BOTH);
      }
      return [fresh.color.words, fresh.depth.words];
    });
    for (const picture of pictures) {
      expect(picture).toEqual(pictures[0]);
    }
    expect(new Set(pictures[0][0]).size).toBeGreaterThan(3);
  });

  it('gives one colour everywhere when the corners have one, however long the row', () => {
    const wide = new Canvas(256, 4);
    wide.draw([
      { x: 0, y: 0, color: RED },
      { x: 0, y: 8, color: RED },
      { x: 512, y: 0, color: RED },
    ]);
    for (let x = 0; x < 256; x++) {
      expect(pixel(wide.color, x, 1)).toBe(RED);
    }
    expect(pixel(wide.color, 256, 1)).not.toBe(RED);
  });

  it('interpolates each channel, to the nearest', () => {
    const colors = [0x00ff0080, 0x00ff0080, 0xff00ff80];
    canvas.draw([
      { x: 0, y: 0, color: colors[0] },
      { x: 0, y: 2 * SIZE, color: colors[1] },
      { x: 2 * SIZE, y: 0, color: colors[2] },
    ]);
    for (let x = 0; x < SIZE; x++) {
      const rising = Math.round((255 * (x + 0.5)) / (2 * SIZE));
      const falling = Math.round(255 - (255 * (x + 0.5)) / (2 * SIZE));
      const expected = ((rising << 24) | (falling << 16) | (rising << 8) | 0x80) >>> 0;
      expect(canvas.at(x, 5).toString(16)).toBe(expected.toString(16));
    }
  });

  it('interpolates colours in perspective', () => {
    // Positions are x · w, y · w and w; the left is at w = 1, the right at w = 3.
    canvas.renderer.setTransform(
      [2 / SIZE, 0, 0, 0, 0, 2 / SIZE, 0, 0, -1, -1, 0.25, 1, 0, 0, 0, 0],
      0,
      0,
      0,
      1,
    );
    const corner = (x: number, y: number, w: number): number[] => [
      x * w,
      y * w,
      w,
      0,
      0,
      0,
      0,
      0,
      0,
    ];
    const corners = [
      corner(0, 0, 1),
      corner(0, SIZE, 1),
      corner(SIZE, 0, 3),
      corner(SIZE, SIZE, 3),
    ];
    canvas.drawRaw(
      Float32Array.from(corners.flat()),
      [0, 0, gray(240), gray(240)],
      [0, 1, 2, 2, 1, 3],
    );
    for (let x = 0; x < SIZE; x++) {
      const t = (x + 0.5) / SIZE;
      const value = Math.round(((240 / 3) * t) / (1 - t + t / 3));
      expect([canvas.at(x, 2), canvas.at(x, 13)]).toEqual([gray(value), gray(value)]);
    }
    // Hand-computed: at 8.5 of 16, 80 × 17/32 / (15/32 + 17/96) = 65.8.
    expect(canvas.at(8, 8)).toBe(gray(66));
  });
});
