import { describe, expect, it } from 'vitest';
import { slotLayout } from '../../src/bell/slot.ts';
import { type VertexBuffer, VertexStage } from '../../src/bell/vertex.ts';

interface Given {
  readonly position?: readonly [number, number, number];
  readonly normal?: readonly [number, number, number];
  readonly uv?: readonly [number, number];
  readonly color?: number;
}

function buffer(...given: Given[]): VertexBuffer {
  const floats = new Float32Array(given.length * 9 + 2);
  const words = new Uint32Array(floats.buffer);
  given.forEach(({ position = [0, 0, 0], normal = [0, 0, 0], uv = [0, 0], color = 0 }, index) => {
    floats.set([...position, ...normal, ...uv], 2 + index * 9);
    words[2 + index * 9 + 8] = color;
  });
  return { floats, words, base: 2 };
}

const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

function stageWith(matrix = IDENTITY, light: readonly number[] = [0, 0, 0, 1]): VertexStage {
  const stage = new VertexStage();
  stage.setViewport(10, 20, 40, 80);
  stage.setTransform(matrix, light[0], light[1], light[2], light[3]);
  return stage;
}

/** Runs one vertex through a stage. */
function run(given: Given, stage = stageWith()): (name: keyof typeof slotLayout) => number {
  stage.begin(1);
  const slot = stage.fetch(buffer(given), 0, 0, -1, -1);
  return (name) => stage.values[slot * slotLayout.LENGTH + slotLayout[name]];
}

function place(given: Given, stage = stageWith()): [number, number] {
  stage.begin(1);
  const slot = stage.fetch(buffer(given), 0, 0, -1, -1);
  return [stage.screenX[slot] / 256, stage.screenY[slot] / 256];
}

describe('VertexStage', () => {
  it('puts (-1, -1) at the top left of the viewport and (1, 1) at its bottom right', () => {
    expect(place({ position: [-1, -1, 0] })).toEqual([10, 20]);
    expect(place({ position: [1, 1, 0] })).toEqual([50, 100]);
    expect(place({ position: [0, 0.5, 0] })).toEqual([30, 80]);
  });

  it('multiplies by the matrix column by column, and divides by w', () => {
    // x = 2px + 4, y = 3py, z = pz / 2, w = pz
    const matrix = [2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0.5, 1, 4, 0, 0, 0];
    const of = run({ position: [1, 2, 16] }, stageWith(matrix));
    expect([of('W'), of('Q'), of('DEPTH')]).toEqual([16, 1 / 16, 0xffffff / 2 + 0.5]);
    // Normalised: 6/16 and 6/16.
    expect(place({ position: [1, 2, 16] }, stageWith(matrix))).toEqual([37.5, 75]);
  });

  it('rounds to 1/256 pixel, ties up', () => {
    const stage = new VertexStage();
    stage.setViewport(0, 0, 2, 2);
    stage.setTransform(IDENTITY, 0, 0, 0, 1);
    const at = (x: number): number => place({ position: [x / 256 - 1, 0, 0] }, stage)[0] * 256;
    expect([1.49, 1.5, 2.49, 2.5].map(at)).toEqual([1, 2, 2, 3]);
  });

  it('spreads depth over 24 bits', () => {
    expect(run({ position: [0, 0, 0] })('DEPTH')).toBe(0.5);
    expect(run({ position: [0, 0, 1] })('DEPTH')).toBe(0xffffff + 0.5);
  });

  it('lights colours by ambient + max(0, normal · light), and not alpha', () => {
    const stage = stageWith(IDENTITY, [0, 0.5, 0.25, 0.1]);
    const lit = run({ normal: [9, 1, 0.4], color: 0x80_ff_0a_64 }, stage);
    // 0.1 + 0.5 + 0.1 = 0.7
    expect(lit('R')).toBeCloseTo(70.5, 4);
    expect(lit('G')).toBeCloseTo(7.5, 4);
    expect(lit('B')).toBeCloseTo(179, 4);
    expect(lit('A')).toBe(128.5);
    const averted = run({ normal: [0, -1, 0], color: 0x80_ff_0a_64 }, stage);
    expect(averted('R')).toBeCloseTo(10.5, 6);
  });

  it('holds light to what a pixel holds', () => {
    expect(run({ color: 0xff }, stageWith(IDENTITY, [0, 0, 0, 3]))('R')).toBe(255.5);
    expect(run({ color: 0xff }, stageWith(IDENTITY, [0, 0, 0, -3]))('R')).toBe(0.5);
    expect(run({ color: 0xff }, stageWith(IDENTITY, [0, 0, 0, NaN]))('R')).toBe(0.5);
    const infinite = { normal: [Infinity, 0, 0] as const, color: 0xff };
    expect(run(infinite, stageWith(IDENTITY, [1, 0, 0, 0]))('R')).toBe(255.5);
    expect(run(infinite, stageWith(IDENTITY, [0, 0, 0, 1]))('R')).toBe(255.5);
  });

  it('holds texture coordinates to ±2^18', () => {
    const of = run({ uv: [1e30, -Infinity] });
    expect([of('U'), of('V')]).toEqual([2 ** 18, -(2 ** 18)]);
    expect(run({ uv: [NaN, 0.25] })('U')).toBe(-(2 ** 18));
  });

  it('transforms a vertex once in a draw, and anew in the next', () => {
    const stage = stageWith();
    const vertices = buffer({}, { position: [1, 0, 0] });
    stage.begin(2);
    const first = stage.fetch(vertices, 1, 0, -1, -1);
    stage.fetch(vertices, 0, 1, first, -1);
    expect(stage.fetch(vertices, 1, 0, -1, -1)).toBe(first);
    expect(stage.count).toBe(2);
    vertices.floats[2 + 9] = -1;
    stage.begin(2);
    stage.fetch(vertices, 1, 0, -1, -1);
    expect([stage.count, stage.screenX[first]]).toEqual([1, 10 * 256]);
  });

  it('keeps the corners of a triangle apart that meet in one slot of the cache', () => {
    const vertices = { floats: new Float32Array(9 * 131073), words: new Uint32Array(0), base: 0 };
    [0, 65536, 131072].forEach((index, corner) => {
      vertices.floats[index * 9] = corner / 2;
    });
    const stage = stageWith();
    stage.begin(131073);
    const a = stage.fetch(vertices, 0, 0, -1, -1);
    const b = stage.fetch(vertices, 65536, 1, a, -1);
    const c = stage.fetch(vertices, 131072, 2, a, b);
    expect([a, b, c].map((slot) => stage.screenX[slot] / 256)).toEqual([30, 40, 50]);
    const other = stage.fetch(vertices, 1, 0, -1, -1);
    const zero = stage.fetch(vertices, 0, 1, other, -1);
    const far = stage.fetch(vertices, 65536, 2, other, zero);
    expect([zero, far].map((slot) => stage.screenX[slot] / 256)).toEqual([30, 40]);
    expect(stage.fetch(vertices, 131072, 0, -1, -1)).toBe(a);
    expect(stage.screenX[a] / 256).toBe(50);
  });
});
