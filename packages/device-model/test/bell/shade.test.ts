import { drawFlags, filters } from '@doorbell/abi';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Surface } from '../../src/bell/surface.ts';
import { Canvas, type Corner, FAR, WHITE } from './canvas.ts';

const { NEAREST, BILINEAR } = filters;
const { DEPTH_TEST, DEPTH_WRITE } = drawFlags;

function stripe(...texels: number[]): Surface {
  return {
    words: Uint32Array.from(texels),
    base: 0,
    stride: texels.length,
    width: texels.length,
    height: 1,
  };
}

/** A triangle over a canvas of 4 × 4; its right corner is twice as far right as the edge. */
function cover(left: number, right = left): Corner[] {
  return [
    { x: 0, y: 0, depth: 1, color: left },
    { x: 0, y: 8, depth: 1, color: left },
    { x: 8, y: 0, depth: 1, color: right, u: 4 },
  ];
}

describe('Shader', () => {
  let canvas: Canvas;
  beforeEach(() => {
    canvas = new Canvas(4, 4);
  });

  it('knows no depth without a depth buffer, whatever the flags', () => {
    canvas.renderer.setTarget(canvas.color, undefined);
    canvas.draw(cover(7), DEPTH_TEST | DEPTH_WRITE);
    expect([canvas.at(0, 0), canvas.depthAt(0, 0)]).toEqual([7, FAR]);
  });

  it('takes colours as they are without a texture, or with one that has no texels', () => {
    canvas.renderer.setTexture(stripe(1, 2), NEAREST);
    canvas.renderer.setTexture(undefined, NEAREST);
    canvas.draw(cover(0xff112233));
    expect(canvas.at(0, 0)).toBe(0xff112233);
    canvas.renderer.setTexture(stripe(), BILINEAR);
    canvas.draw(cover(0xff332211));
    expect(canvas.at(0, 0)).toBe(0xff332211);
  });

  it('takes texels as they are where colours are white', () => {
    canvas.renderer.setTexture(stripe(0x12345678, 0xfedcba98), NEAREST);
    canvas.draw(cover(WHITE));
    expect([canvas.at(0, 0), canvas.at(1, 0), canvas.at(2, 0)]).toEqual([
      0x12345678, 0xfedcba98, 0x12345678,
    ]);
  });

  it.each([NEAREST, BILINEAR])('multiplies texels by colours that vary (filter %i)', (filter) => {
    canvas.renderer.setTexture(stripe(200), filter);
    canvas.draw(cover(0, 255));
    // The colour is 16, 48, 80 and 112 at the centres (15.9, 47.8, 79.7, 111.6).
    expect([0, 1, 2, 3].map((x) => canvas.at(x, 0))).toEqual([13, 38, 63, 88]);
  });

  it('draws a triangle with one colour as a triangle whose colours differ by nothing visible', () => {
    // 100.3 and 99.6 are both 100, and so is all between them.
    canvas.renderer.setTransform(
      [1 / 2, 0, 0, 0, 0, 1 / 2, 0, 0, 0, 0, 1, 0, -1, -1, 0, 1],
      1,
      0,
      0,
      0,
    );
    const normals = [100.3 / 255, 99.6 / 255, 100.4 / 255];
    const corners = cover(WHITE).map(({ x, y }, index) => [x, y, 0, normals[index], 0, 0, 0, 0, 0]);
    canvas.drawRaw(Float32Array.from(corners.flat()), [WHITE, WHITE, WHITE], [0, 1, 2]);
    expect(new Set(canvas.color.words)).toEqual(new Set([0x5a5a5a5a, 0xff646464]));
  });
});
