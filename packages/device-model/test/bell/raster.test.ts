import { drawFlags } from '@doorbell/abi';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Canvas, type Corner, owns } from './canvas.ts';

const SIZE = 16;
const { CULL_BACK } = drawFlags;

/** How often each pixel is covered by triangles that are drawn one by one. */
function coverage(canvas: Canvas, triangles: readonly (() => void)[]): number[] {
  const counts = new Array<number>(SIZE * SIZE).fill(0);
  for (const draw of triangles) {
    canvas.clear();
    draw();
    canvas.countInto(counts);
  }
  return counts;
}

/** In 1/256 pixel: near a pixel's corners and centres, about the screen, and far out. */
const coordinate = fc.oneof(
  fc.integer({ min: 0, max: 4 * SIZE }).map((n) => n * 64),
  fc.integer({ min: 0, max: SIZE * 256 }),
  fc.integer({ min: -SIZE * 256, max: SIZE * 512 }),
  fc.integer({ min: -(2 ** 21), max: 2 ** 21 }),
);
const point = fc.tuple(coordinate, coordinate);

describe('Rasterizer', () => {
  it('owns each pixel of a square once, whichever diagonal divides it', () => {
    const canvas = new Canvas(SIZE, SIZE);
    const corner = (x: number, y: number): Corner => ({ x, y });
    const [a, b, c, d] = [corner(2, 2), corner(2, 10), corner(10, 10), corner(10, 2)];
    for (const halves of [
      [
        [a, b, c],
        [a, c, d],
      ],
      [
        [a, b, d],
        [b, c, d],
      ],
    ]) {
      // prettier-ignore
      const counts = coverage(
        canvas,
        halves.map((half) => () => canvas.draw(half)),
      );
      const inside = (n: number): boolean => n >= 2 && n < 10;
      counts.forEach((count, at) => {
        const expected = inside(at % SIZE) && inside(Math.floor(at / SIZE)) ? 1 : 0;
        expect([at, count]).toEqual([at, expected]);
      });
    }
  });

  it('covers exactly the centres that the top-left rule gives, at every size', () => {
    const canvas = new Canvas(SIZE, SIZE);
    fc.assert(
      fc.property(point, point, point, (...corners) => {
        canvas.clear();
        canvas.draw(corners.map(([x, y]) => ({ x: x / 256, y: y / 256 })));
        const expected = Array.from({ length: SIZE }, (_, y) =>
          Array.from({ length: SIZE }, (__, x) => (owns(corners, x, y) ? '#' : '.')).join(''),
        );
        expect(canvas.picture()).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });

  it('covers each pixel of a mesh once', () => {
    const canvas = new Canvas(SIZE, SIZE);
    const jitter = fc.integer({ min: -500, max: 500 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(jitter, jitter), { minLength: 36, maxLength: 36 }),
        (jitters) => {
          // Vertices four pixels apart; the outermost are beyond the screen.
          const at = (i: number, j: number): Corner => ({
            x: i * 4 - 2 + jitters[i + 6 * j][0] / 256,
            y: j * 4 - 2 + jitters[i + 6 * j][1] / 256,
          });
          const triangles: Corner[][] = [];
          for (let j = 0; j < 5; j++) {
            for (let i = 0; i < 5; i++) {
              triangles.push([at(i, j), at(i, j + 1), at(i + 1, j)]);
              triangles.push([at(i + 1, j), at(i, j + 1), at(i + 1, j + 1)]);
            }
          }
          // A mesh that is folded nowhere: all triangles turn the same way.
          fc.pre(triangles.every(turnsLeft));
          const counts = coverage(
            canvas,
            triangles.map((triangle) => () => canvas.draw(triangle)),
          );
          expect(new Set(counts)).toEqual(new Set([1]));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('covers each pixel once of a fan whose rim is far beyond the guard band', () => {
    const canvas = new Canvas(SIZE, SIZE);
    const out = fc.integer({ min: 100, max: 3_000_000 });
    fc.assert(
      fc.property(fc.array(out, { minLength: 8, maxLength: 8 }), coordinate, (rim, hub) => {
        fc.pre(Math.abs(hub) < 8 * 256);
        const [a, b, c, d, e, f, g, h] = rim;
        const spokes: [number, number][] = [[a, 0], [b, b], [0, c], [-d, d], [-e, 0], [-f, -f], [0, -g], [h, -h]]; // prettier-ignore
        const triangles = spokes.map(([x, y], index): Corner[] => {
          const [nextX, nextY] = spokes[(index + 1) % spokes.length];
          return [
            { x: 8, y: 8 + hub / 2048 },
            { x, y },
            { x: nextX, y: nextY },
          ];
        });
        const counts = coverage(
          canvas,
          triangles.map((triangle) => () => canvas.draw(triangle)),
        );
        expect(new Set(counts)).toEqual(new Set([1]));
      }),
      { numRuns: 50 },
    );
  });

  it('drops triangles that run clockwise as one sees them, when culling', () => {
    const canvas = new Canvas(SIZE, SIZE);
    const top = { x: 8, y: 0 };
    const left = { x: 0, y: 16 };
    const right = { x: 16, y: 16 };
    expect(canvas.draw([top, left, right], CULL_BACK).pixels).toBe(128);
    expect(canvas.draw([top, right, left], CULL_BACK).pixels).toBe(0);
    expect(canvas.draw([top, right, left]).pixels).toBe(128);
  });

  it('draws nothing of a triangle without area', () => {
    const canvas = new Canvas(SIZE, SIZE);
    const line = [0, 8, 16].map((at) => ({ x: at, y: at }));
    expect(canvas.draw(line).pixels).toBe(0);
  });
});

/** Counter-clockwise on the screen, with y down. */
function turnsLeft([a, b, c]: readonly Corner[]): boolean {
  return (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y) < 0;
}
