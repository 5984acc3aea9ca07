import { drawFlags, filters } from '@doorbell/abi';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Renderer } from '../../src/bell/renderer.ts';
import { Canvas, type Corner, damage, FAR, MARGIN, surface, WHITE } from './canvas.ts';

const SIZE = 16;
/** A triangle over the whole canvas: 256 pixels. */
const COVER: readonly Corner[] = [
  { x: 0, y: 0 },
  { x: 0, y: 2 * SIZE },
  { x: 2 * SIZE, y: 0 },
];

describe('Renderer', () => {
  let canvas: Canvas;
  beforeEach(() => {
    canvas = new Canvas(SIZE, SIZE);
  });

  it('counts vertices, triangles and pixels, and prices them', () => {
    const result = canvas.draw(COVER, 0, [0, 1, 2, 2, 1, 0]);
    // A nanosecond for each of 3 vertices, 10 for each triangle, 2 for each pixel, and for each of
    // 32 rows what 4 pixels take.
    expect(result).toEqual({
      vertices: 3,
      triangles: 2,
      pixels: 512,
      pixelTime: 512 + 32 * 4,
      ns: 3 + 20 + 1024 + 32 * 8,
      badIndex: -1,
      aborted: false,
    });
  });

  it('draws nothing before it has a target and a viewport', () => {
    const renderer = new Renderer({ vertex: 1, triangle: 1, pixel: 1 });
    const floats = new Float32Array(27);
    const indices = Uint32Array.of(0, 1, 2);
    const call = {
      floats,
      words: new Uint32Array(floats.buffer),
      base: 0,
      vertexCount: 3,
      indices,
    };
    const result = renderer.draw({ ...call, indexBase: 0, indexCount: 3, flags: 0 }, Infinity);
    expect([result.triangles, result.pixels]).toEqual([1, 0]);
  });

  it('finds vertices and indices where they begin', () => {
    const floats = new Float32Array(5 + 4 * 9);
    COVER.forEach(({ x, y }, index) => {
      floats.set([x, y, 0], 5 + (index + 1) * 9);
    });
    const words = new Uint32Array(floats.buffer);
    words[5 + 17] = words[5 + 26] = words[5 + 35] = 0xff00ff00;
    const indices = Uint32Array.of(99, 98, 1, 2, 3, 97);
    const call = { floats, words, base: 5, vertexCount: 4, indices, indexBase: 2, indexCount: 3 };
    const result = canvas.renderer.draw({ ...call, flags: 0 }, Infinity);
    expect([result.pixels, canvas.at(9, 9)]).toEqual([256, 0xff00ff00]);
  });

  it('ignores what is over after the last whole triangle', () => {
    expect(canvas.draw(COVER, 0, [0, 1, 2, 0, 99]).triangles).toBe(1);
    expect(canvas.draw(COVER, 0, [0, 1]).triangles).toBe(0);
  });

  it('ends at an index without a vertex, and keeps what it drew before', () => {
    const result = canvas.draw(COVER, 0, [0, 1, 2, 0, 3, 2, 0, 1, 2]);
    expect([result.badIndex, result.triangles, result.pixels]).toEqual([4, 1, 256]);
    expect(canvas.draw(COVER, 0, [0xffffffff, 0, 0]).badIndex).toBe(0);
    expect(canvas.draw(COVER).badIndex).toBe(-1);
  });

  it('stops after the row in which the budget is spent', () => {
    // 3 vertices and a triangle take 13 ns, and each row of 16 pixels 32, and 8 to begin it.
    const result = canvas.draw(COVER, 0, [0, 1, 2], 3 * 40);
    expect([result.aborted, result.pixels]).toEqual([true, 4 * SIZE]);
    expect(canvas.picture().slice(3, 5)).toEqual(['#'.repeat(SIZE), '.'.repeat(SIZE)]);
  });

  it('stops slivers that cover next to nothing, by the rows that they cross', () => {
    const tall = new Canvas(4, 4096);
    const sliver = [
      { x: 0, y: 0 },
      { x: 2.01, y: 4096 },
      { x: 2, y: 4096 },
    ];
    const indices = Array.from({ length: 3000 }, (_, at) => at % 3);
    const result = tall.draw(sliver, 0, indices, 100_000);
    expect(result.aborted).toBe(true);
    expect(result.triangles).toBeLessThan(10);
  });

  it('stops after the triangle with which the budget is spent', () => {
    const small = [
      { x: 0, y: 0 },
      { x: 0, y: 0.25 },
      { x: 0.25, y: 0 },
    ];
    const indices = Array.from({ length: 300 }, (_, at) => at % 3);
    const result = canvas.draw(small, 0, indices, 52);
    expect([result.aborted, result.triangles, result.ns]).toEqual([true, 5, 53]);
    expect(canvas.draw(small, 0, indices, 1003).aborted).toBe(false);
    expect(canvas.draw(small, 0, indices, 1002).aborted).toBe(true);
  });

  /** Far beyond the guard band: what is left are two triangles that meet on the diagonal. */
  const HUGE: readonly Corner[] = [
    { x: 0, y: 0 },
    { x: 0, y: 20_000 },
    { x: 20_000, y: 0 },
  ];

  it('stops within a triangle that was clipped, too', () => {
    expect(canvas.draw(HUGE).pixels).toBe(256);
    // The first has 136 pixels in 16 rows, the time of 200 pixels; the second would have 120.
    const { aborted, pixels } = canvas.draw(HUGE, 0, [0, 1, 2], 2 * 250);
    expect(aborted).toBe(true);
    expect(pixels).toBeGreaterThan(136);
    expect(pixels).toBeLessThan(136 + 4 * SIZE);
  });

  it('culls a clipped triangle as it would the whole', () => {
    expect(canvas.draw(HUGE, drawFlags.CULL_BACK).pixels).toBe(256);
    expect(canvas.draw(HUGE, drawFlags.CULL_BACK, [0, 2, 1]).pixels).toBe(0);
  });

  it('draws only within the scissor', () => {
    canvas.renderer.setScissor(3, 5, 4, 2);
    expect(canvas.draw(COVER).pixels).toBe(8);
    expect(canvas.picture().slice(4, 8)).toEqual([
      '................',
      '...####.........',
      '...####.........',
      '................',
    ]);
    canvas.renderer.setScissor(14, 0, 0xffffffff, 0xffffffff);
    expect(canvas.draw(COVER).pixels).toBe(2 * SIZE);
    canvas.renderer.setScissor(0xffffffff, 0, 0xffffffff, 1);
    expect(canvas.draw(COVER).pixels).toBe(0);
  });

  it('draws only pixels whose centres are in the viewport', () => {
    // From 2½ to 6½ across and from 3¼ to 5 down; the triangle reaches over it on all sides.
    canvas.renderer.setViewport(2.5, 3.25, 4, 1.75);
    canvas.renderer.setTransform([4, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1, 0, -2, -2, 0, 1], 0, 0, 0, 1);
    canvas.draw([{ x: 0, y: 0 }, { x: 0, y: 9 }, { x: 9, y: 0 }]); // prettier-ignore
    expect(canvas.picture().slice(2, 6)).toEqual([
      '................',
      '..####..........',
      '..####..........',
      '................',
    ]);
  });

  it.each([
    [NaN, 0, SIZE, SIZE],
    [0, -Infinity, SIZE, SIZE],
    [0, 0, Infinity, SIZE],
    [1e38, 0, SIZE, SIZE],
  ])('draws nothing with viewport %f, %f, %f, %f', (x, y, width, height) => {
    canvas.renderer.setViewport(x, y, width, height);
    expect(canvas.draw(COVER).pixels).toBe(0);
  });

  it.each([NaN, Infinity, -Infinity])(
    'drops a triangle with %f in a position, and only that',
    (bad) => {
      const corners = [...COVER, { x: bad, y: 0 }, { x: 0, y: bad }, { x: 0, y: 0, depth: bad }];
      for (const corner of [3, 4, 5]) {
        expect(canvas.draw(corners, 0, [corner, 1, 2]).pixels).toBe(0);
        expect(canvas.draw(corners, 0, [corner, 1, 2, 0, 1, 2]).pixels).toBe(256);
      }
    },
  );

  /** The viewer looks along +z, y down; near plane at 1, far plane at 100; x and y are as large as z at the edges. */
  const camera = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 100 / 99, 1, 0, 0, -100 / 99, 0];

  it('draws the part in front of the viewer of a triangle that reaches behind', () => {
    canvas.renderer.setTransform(camera, 0, 0, 0, 1);
    // The floor one below the viewer, from 50 behind to 50 ahead.
    const floor = [-900, 1, -50, 900, 1, -50, 0, 1, 50];
    const floats = new Float32Array(27);
    [0, 1, 2].forEach((corner) => {
      floats.set(floor.slice(corner * 3, corner * 3 + 3), corner * 9);
    });
    canvas.drawRaw(floats, [WHITE, WHITE, WHITE], [0, 1, 2], drawFlags.DEPTH_WRITE);
    const rows = canvas.picture();
    expect(new Set(rows.slice(0, 8))).toEqual(new Set(['.'.repeat(SIZE)]));
    expect(new Set(rows.slice(8))).toEqual(new Set(['#'.repeat(SIZE)]));
    // The centre of the last row is at y = 15/16, so the floor is 16/15 away there. Corners are
    // rounded to 1/256 pixel, which moves the floor a little.
    const depth = ((16 / 15 - 1) * 100) / 99 / (16 / 15);
    expect(canvas.depthAt(8, 15) / 0xffffff).toBeCloseTo(depth, 5);
  });

  it('leaves no gap in a mesh that reaches behind the viewer, and no pixel twice', () => {
    canvas.renderer.setTransform(camera, 0, 0, 0, 1);
    // Less than a quarter: no triangle of the mesh turns over, so none lies on another.
    const jitter = fc.double({ min: -0.24, max: 0.24, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(jitter, jitter), { minLength: 49, maxLength: 49 }),
        (jitters) => {
          const floats = new Float32Array(49 * 9);
          for (let n = 0; n < 49; n++) {
            const column = (n % 7) - 3 + jitters[n][0];
            const row = Math.floor(n / 7) - 2 + jitters[n][1];
            floats.set([column * 60, 1, row * 12], n * 9);
          }
          const counts = new Array<number>(SIZE * SIZE).fill(0);
          for (let n = 0; n < 48 - 7; n++) {
            if (n % 7 === 6) {
              continue;
            }
            for (const triangle of [
              [n, n + 1, n + 7],
              [n + 7, n + 1, n + 8],
            ]) {
              canvas.clear();
              canvas.drawRaw(floats, new Array<number>(49).fill(WHITE), triangle);
              canvas.countInto(counts);
            }
          }
          expect(counts.slice(0, 8 * SIZE)).toEqual(new Array(8 * SIZE).fill(0));
          expect(counts.slice(9 * SIZE)).toEqual(new Array(7 * SIZE).fill(1));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('survives any bits, and writes nowhere but within its target', () => {
    const word = fc.oneof(
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.constantFrom(
        0,
        0x3f800000,
        0xbf800000,
        0x41800000,
        0x7f800000,
        0x7fc00000,
        0xff800000,
        1,
        0x5f000000,
      ),
    );
    const words = (length: number): fc.Arbitrary<number[]> =>
      fc.array(word, { minLength: length, maxLength: length });
    const scene = fc.record({
      vertices: words(6 * 9),
      indices: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 9, maxLength: 24 }),
      matrix: fc.option(words(16)),
      light: words(4),
      viewport: fc.option(words(4)),
      scissor: fc.oneof(words(4), fc.constant([0, 0, SIZE, SIZE])),
      texture: fc.option(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))),
      filter: fc.constantFrom(filters.NEAREST, filters.BILINEAR),
      flags: fc.integer({ min: 0, max: 7 }),
    });
    const floatsOf = (bits: number[]): Float32Array =>
      new Float32Array(Uint32Array.from(bits).buffer);
    fc.assert(
      fc.property(
        scene,
        ({ vertices, indices, matrix, light, viewport, scissor, texture, filter, flags }) => {
          const target = new Canvas(SIZE, SIZE);
          const { renderer } = target;
          if (matrix !== null) {
            const [x, y, z, ambient] = floatsOf(light);
            renderer.setTransform(floatsOf(matrix), x, y, z, ambient);
          }
          if (viewport !== null) {
            const [x, y, width, height] = floatsOf(viewport);
            renderer.setViewport(x, y, width, height);
          }
          renderer.setScissor(scissor[0], scissor[1], scissor[2], scissor[3]);
          renderer.setTexture(
            texture ? surface(texture[0], texture[1], 0xff808080) : undefined,
            filter,
          );
          const floats = floatsOf(vertices);
          const colors = [0, 1, 2, 3, 4, 5].map((vertex) => vertices[vertex * 9 + 8]);
          const result = target.drawRaw(floats, colors, indices, flags);
          expect(result.pixels).toBeLessThanOrEqual(result.triangles * SIZE * SIZE);
          expect([damage(target.color), damage(target.depth)]).toEqual([0, 0]);
          const beyond = target.depth.words.filter((depth) => depth > FAR && depth !== MARGIN);
          expect(beyond).toHaveLength(0);
        },
      ),
      { numRuns: 400 },
    );
  });
});
