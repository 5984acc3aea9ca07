import { describe, expect, it } from 'vitest';
import { Canvas, damage, FAR, owns, pixel, surface, WHITE } from './canvas.ts';

describe('Canvas', () => {
  it('draws corners given in pixels', () => {
    const canvas = new Canvas(4, 4);
    canvas.draw([
      { x: 0, y: 0 },
      { x: 0, y: 3 },
      { x: 3, y: 3 },
    ]);
    // The centres on the diagonal, a right edge, are not its own.
    expect(canvas.picture()).toEqual(['....', '#...', '##..', '....']);
    expect([canvas.at(0, 1), canvas.depthAt(0, 1)]).toEqual([WHITE, FAR]);
    const counts = new Array<number>(16).fill(1);
    canvas.countInto(counts);
    expect(counts).toEqual([1, 1, 1, 1, 2, 1, 1, 1, 2, 2, 1, 1, 1, 1, 1, 1]);
    canvas.clear();
    expect(canvas.picture()).toEqual(['....', '....', '....', '....']);
  });
});

describe('surface', () => {
  it('lies between margins whose damage is counted', () => {
    const made = surface(2, 2, 7);
    expect([pixel(made, 0, 0), pixel(made, 1, 1), damage(made)]).toEqual([7, 7, 0]);
    made.words[0] = 1;
    made.words[made.base + made.width] = 1;
    made.words[made.words.length - 1] = 1;
    made.words[made.base + made.stride + 1] = 1;
    expect(damage(made)).toBe(3);
  });
});

describe('owns', () => {
  // Centres of pixels are at 128 + 256 n.
  const triangle: [number, number][] = [
    [128, 128],
    [640, 128],
    [128, 640],
  ];

  it('counts centres on top and left edges in, and those on others out', () => {
    const rows = [0, 1, 2].map((y) => [0, 1, 2].map((x) => owns(triangle, x, y)));
    expect(rows).toEqual([
      [true, true, false],
      [true, false, false],
      [false, false, false],
    ]);
  });

  it('does not ask which way round the corners run, and gives nothing to a line', () => {
    expect(owns([triangle[0], triangle[2], triangle[1]], 0, 0)).toBe(true);
    expect(owns([triangle[0], triangle[1], triangle[1]], 0, 0)).toBe(false);
  });
});
