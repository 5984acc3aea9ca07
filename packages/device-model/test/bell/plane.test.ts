import { describe, expect, it } from 'vitest';
import { Planes } from '../../src/bell/plane.ts';
import { slotLayout } from '../../src/bell/slot.ts';
import { VertexStage } from '../../src/bell/vertex.ts';

/** x and y in pixels, w, and a value as u. */
type Corner = readonly [x: number, y: number, w: number, u: number];

/** The planes of a triangle, and what they say at a place in pixels. */
function planesOf(corners: readonly [Corner, Corner, Corner]): {
  planes: Planes;
  at: (plane: number, x: number, y: number) => number;
} {
  const stage = new VertexStage();
  stage.setViewport(0, 0, 2, 2);
  // Positions are pixels times w, and w.
  stage.setTransform([1, 0, 0, 0, 0, 1, 0, 0, -1, -1, 0.5, 1, 0, 0, 0, 0], 0, 0, 0, 1);
  const floats = new Float32Array(27);
  corners.forEach(([x, y, w, u], index) => {
    floats.set([x * w, y * w, w, 0, 0, 0, u, 0], index * 9);
  });
  stage.begin(3);
  const vertices = { floats, words: new Uint32Array(floats.buffer), base: 0 };
  const [a, b, c] = [0, 1, 2].map((index) => stage.fetch(vertices, index, index, -1, -1));
  const { screenX: xs, screenY: ys } = stage;
  const area = (xs[b] - xs[a]) * (ys[c] - ys[a]) - (xs[c] - xs[a]) * (ys[b] - ys[a]);
  const planes = new Planes(stage);
  planes.begin(a, b, c, area);
  const at = (plane: number, x: number, y: number): number =>
    planes.base[plane] +
    planes.right[plane] * (x - planes.originX / 256) +
    planes.down[plane] * (y - planes.originY / 256);
  return { planes, at };
}

describe('Planes', () => {
  it('go through the corners and are even between them', () => {
    const { planes, at } = planesOf([
      [1, 2, 1, 10],
      [9, 2, 1, 26],
      [1, 12, 1, 40],
    ]);
    planes.beScreen();
    planes.set(slotLayout.U, slotLayout.U);
    expect(at(slotLayout.U, 1, 2)).toBeCloseTo(10, 9);
    expect(at(slotLayout.U, 9, 2)).toBeCloseTo(26, 9);
    expect(at(slotLayout.U, 1, 12)).toBeCloseTo(40, 9);
    expect(at(slotLayout.U, 5, 7)).toBeCloseTo(33, 9);
  });

  it('say u / w and 1 / w in perspective, in proportion to the nearest corner', () => {
    const { planes, at } = planesOf([
      [0, 0, 2, 0],
      [8, 0, 6, 60],
      [0, 8, 2, 0],
    ]);
    planes.bePerspective();
    planes.set(slotLayout.U, slotLayout.U);
    expect(at(slotLayout.Q, 0, 0)).toBeCloseTo(1, 9);
    expect(at(slotLayout.Q, 8, 0)).toBeCloseTo(1 / 3, 9);
    // In the middle of the screen, a quarter of the way in space: (0 / 2 + 60 / 6) / (1 / 2 + 1 / 6) = 15.
    expect(at(slotLayout.U, 4, 0) / at(slotLayout.Q, 4, 0)).toBeCloseTo(15, 9);
  });

  it('scale and move what they say', () => {
    const { planes, at } = planesOf([
      [0, 0, 2, 0],
      [8, 0, 6, 60],
      [0, 8, 2, 0],
    ]);
    planes.bePerspective();
    planes.set(slotLayout.U, slotLayout.U);
    planes.adjust(slotLayout.U, 4, -7);
    expect(at(slotLayout.U, 4, 0) / at(slotLayout.Q, 4, 0)).toBeCloseTo(53, 9);
  });

  it('vary along the longer axis where a triangle is too thin for more', () => {
    // 4,000 pixels across and down; the middle corner is 1/256 pixel off the line.
    const { planes, at } = planesOf([
      [2000, 2000 + 1 / 256, 1, 5],
      [0, 0, 1, 0],
      [4000, 4000, 1, 40],
    ]);
    planes.beScreen();
    planes.set(slotLayout.U, slotLayout.U);
    expect(at(slotLayout.U, 0, 0)).toBeCloseTo(0, 9);
    expect(at(slotLayout.U, 1000, 1000)).toBeCloseTo(10, 9);
    expect(at(slotLayout.U, 4000, 4000)).toBeCloseTo(40, 9);
    expect(planes.right[slotLayout.U]).toBe(0);
  });

  it('hold a corner that is very far to 65,536 times the nearest', () => {
    const { planes, at } = planesOf([
      [0, 0, 1, 0],
      [8, 0, 1e9, 0],
      [0, 8, 1, 0],
    ]);
    planes.bePerspective();
    expect(at(slotLayout.Q, 8, 0)).toBeCloseTo(1 / 65536, 12);
  });
});
