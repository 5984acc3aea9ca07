import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Clipper } from '../../src/bell/clip.ts';
import { slotLayout } from '../../src/bell/slot.ts';
import { VertexStage } from '../../src/bell/vertex.ts';

type Position = readonly [x: number, y: number, z: number];

/** Two by two pixels; z is depth, and w is 1 unless z is to be w too. */
function clip(positions: readonly Position[], us: readonly number[], zIsW = false): Corner[] {
  const stage = new VertexStage();
  stage.setViewport(0, 0, 2, 2);
  stage.setTransform(
    [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, zIsW ? 1 : 0, 0, 0, 0, zIsW ? 0 : 1],
    0,
    0,
    0,
    1,
  );
  const floats = new Float32Array(27);
  positions.forEach((position, index) => {
    floats.set([...position, 0, 0, 0, us[index], 0], index * 9);
  });
  const vertices = { floats, words: new Uint32Array(floats.buffer), base: 0 };
  stage.begin(3);
  const [a, b, c] = [0, 1, 2].map((index) => stage.fetch(vertices, index, index, -1, -1));
  const count = new Clipper().clip(stage, a, b, c);
  return Array.from({ length: count }, (_, corner) => {
    const slot = stage.corners + corner;
    return {
      x: stage.screenX[slot] / 256,
      y: stage.screenY[slot] / 256,
      u: stage.values[slot * slotLayout.LENGTH + slotLayout.U],
      q: stage.values[slot * slotLayout.LENGTH + slotLayout.Q],
      depth: stage.values[slot * slotLayout.LENGTH + slotLayout.DEPTH] - 0.5,
    };
  });
}

interface Corner {
  readonly x: number;
  readonly y: number;
  readonly u: number;
  readonly q: number;
  readonly depth: number;
}

describe('Clipper', () => {
  it('cuts a corner off at the near plane', () => {
    const corners = clip(
      [
        [-1, -1, 0.5],
        [1, -1, 0.5],
        [-1, 1, -0.5],
      ],
      [0, 8, 4],
    );
    expect(corners).toEqual([
      { x: 0, y: 0, u: 0, q: 1, depth: 0xffffff / 2 },
      { x: 2, y: 0, u: 8, q: 1, depth: 0xffffff / 2 },
      { x: 1, y: 1, u: 6, q: 1, depth: 0 },
      { x: 0, y: 1, u: 2, q: 1, depth: 0 },
    ]);
  });

  it('cuts two corners off at the far plane', () => {
    const corners = clip(
      [
        [-1, -1, 0.5],
        [1, -1, 1.5],
        [-1, 1, 1.5],
      ],
      [0, 8, 4],
    );
    expect(corners).toEqual([
      { x: 0, y: 0, u: 0, q: 1, depth: 0xffffff / 2 },
      { x: 1, y: 0, u: 4, q: 1, depth: 0xffffff },
      { x: 0, y: 1, u: 2, q: 1, depth: 0xffffff },
    ]);
  });

  it('keeps a triangle that is inside, and leaves nothing of one that is outside', () => {
    const inside: Position[] = [
      [-1, -1, 0],
      [1, -1, 0.5],
      [-1, 1, 1],
    ];
    expect(clip(inside, [1, 2, 3]).map(({ u }) => u)).toEqual([1, 2, 3]);
    expect(clip([[0, 0, -1], [1, 0, -2], [0, 1, -3]], [0, 0, 0])).toEqual([]); // prettier-ignore
  });

  it('brings what is far beyond the screen to the guard band', () => {
    const corners = clip(
      [
        [-1, -1, 0],
        [1e6, -1, 0],
        [-1, 1, 0],
      ],
      [0, 0, 0],
    );
    // The screen begins at x = -1, so the last pixel of the band is at 8191 on the x axis.
    expect(Math.max(...corners.map(({ x }) => x))).toBe(8192);
    expect(corners).toHaveLength(4);
  });

  it('leaves six corners where two of the guard band are cut off', () => {
    const corners = clip(
      [
        [0, -14_000, 0],
        [-14_000, 9000, 0],
        [14_000, 9000, 0],
      ],
      [0, 0, 0],
    );
    const places = corners.map(({ x, y }) => `${x} ${y}`);
    expect(places).toHaveLength(6);
    expect(places).toEqual(expect.arrayContaining(['-8192 8192', '8192 8192']));
  });

  const near = fc.integer({ min: -1024, max: 1024 }).map((n) => n / 256);
  const far = fc.integer({ min: -1_000_000, max: 1_000_000 });
  const position = fc.tuple(fc.oneof(near, far), fc.oneof(near, far), near);

  it('gives both triangles at an edge the same points on it', () => {
    // Only what lies on the edge from a to b has u = 0.
    const onEdge = (positions: Position[], us: number[]): string[] =>
      clip(positions, us, true)
        .filter(({ u }) => u === 0)
        .map(({ x, y, depth }) => `${x} ${y} ${depth}`)
        .sort();
    fc.assert(
      fc.property(position, position, position, position, (a, b, c, d) => {
        const left = new Set(onEdge([a, b, c], [0, 0, 1]));
        const right = new Set(onEdge([b, a, d], [0, 0, 1]));
        expect(left).toEqual(right);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves only points that are on the screen as edges take it, whatever comes in', () => {
    const any = fc.float({ noNaN: true, noDefaultInfinity: true });
    const wild = fc.tuple(any, any, any);
    fc.assert(
      fc.property(fc.oneof(position, wild), fc.oneof(position, wild), wild, (a, b, c) => {
        for (const { x, y, q, depth } of clip([a, b, c], [0, 1, 2], true)) {
          expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThanOrEqual(8192);
          expect(depth >= 0 && depth <= 0xffffff).toBe(true);
          expect(q > 0 && q < Infinity).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
