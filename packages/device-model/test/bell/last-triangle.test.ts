import { filters } from '@doorbell/abi';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Canvas, type Corner, surface, WHITE } from './canvas.ts';

const SIZE = 16;
const place = fc.integer({ min: -8, max: 24 });
const corner: fc.Arbitrary<Corner> = fc.record({
  x: place,
  y: place,
  color: fc.constantFrom(0xff0000ff, 0xff00ff00, 0xffff0000),
});
const triangle = fc.tuple(corner, corner, corner);

function drawn(corners: readonly Corner[], indices: readonly number[], budget: number) {
  const canvas = new Canvas(SIZE, SIZE);
  canvas.renderer.setTarget(canvas.color, undefined);
  const { aborted, triangles, pixels, pixelTime } = canvas.draw(corners, 0, indices, budget);
  return { words: canvas.color.words, aborted, triangles, pixels, pixelTime };
}

it('draws and takes what a copy of the triangle does', () => {
  fc.assert(
    fc.property(
      fc.array(triangle, { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat({ max: 2 }), { minLength: 2, maxLength: 8 }),
      fc.integer({ min: 100, max: 6000 }),
      (triangles, order, budget) => {
        const picks = order.map((pick) => pick % triangles.length);
        // Each vertex is there twice, and every other triangle is of the copies: no two in a row
        // have the same vertices. A triangle of neither is in front, so that as many are transformed.
        const corners = [...triangles.flat(), ...triangles.flat()];
        const half = triangles.length * 3;
        const all = corners.flatMap((_, at) => [at, at, at]);
        const of = (pick: number, copy: number) => [0, 1, 2].map((at) => 3 * pick + at + copy);
        const same = picks.flatMap((pick) => of(pick, 0));
        const copied = picks.flatMap((pick, at) => of(pick, at % 2 === 0 ? 0 : half));
        expect(drawn(corners, [...all, ...same], budget)).toEqual(
          drawn(corners, [...all, ...copied], budget),
        );
      },
    ),
  );
});

it('stores nothing twice', () => {
  const canvas = new Canvas(128, 2);
  const target = surface(128, 2, 0);
  let fills = 0;
  class Watched extends Uint32Array {
    override fill(value: number, from?: number, to?: number): this {
      fills++;
      return super.fill(value, from, to);
    }
  }
  const words = new Watched(target.words);
  canvas.renderer.setTarget({ ...target, words }, undefined);
  const cover = [
    { x: 0, y: 0 },
    { x: 0, y: 4 },
    { x: 256, y: 0 },
  ] as const;
  const { pixels } = canvas.draw(cover, 0, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
  expect({ fills, pixels }).toEqual({ fills: 2, pixels: 3 * 256 });
});

it('draws it again where there are texels: they may be what was drawn', () => {
  const canvas = new Canvas(SIZE, SIZE);
  const { color, renderer } = canvas;
  renderer.setTarget(color, undefined);
  renderer.setTexture({ ...color, width: 1, height: 1 }, filters.NEAREST);
  const half = 0xff808080;
  const cover = [
    { x: 0, y: 0, color: half },
    { x: 0, y: 2 * SIZE, color: half },
    { x: 2 * SIZE, y: 0, color: half },
  ];
  const levels = [1, 2].map((times) => {
    color.words[color.base] = WHITE;
    canvas.draw(
      cover,
      0,
      Array.from({ length: 3 * times }, (_, at) => at % 3),
    );
    return canvas.at(0, 0) & 255;
  });
  expect(levels).toEqual([128, 64]);
});
