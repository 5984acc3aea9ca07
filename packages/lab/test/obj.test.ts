import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RawMesh } from '../src/mesh.ts';
import { parseObj } from '../src/obj.ts';

function parse(text: string): RawMesh {
  return parseObj('a.obj', new TextEncoder().encode(text));
}

const TRIANGLE = 'v 0 0 0\nv 1 0 0\nv 0 1 0\n';

describe('parseObj', () => {
  it('reads a file with quads, groups, materials and lines', () => {
    const mesh = parseObj('cube.obj', readFileSync(new URL('data/cube.obj', import.meta.url)));
    expect(mesh.positions.length / 9).toBe(12);
    expect([...mesh.positions.subarray(0, 9)]).toEqual([-1, -1, 1, 1, -1, 1, 1, 1, 1]);
    expect([...mesh.indices.subarray(33)]).toEqual([33, 34, 35]);
    expect(mesh.normals).toBeUndefined();
    expect(mesh.colors).toBeUndefined();
  });

  it('turns texture coordinates over: v = 0 is the bottom', () => {
    expect([...(parse(`${TRIANGLE}vt 0 0\nvt 0.25 1\nf 1/1 2/2 3/1\n`).uvs ?? [])]).toEqual([
      0, 1, 0.25, 0, 0, 1,
    ]);
  });

  it('reads normals, and numbers that count from the end', () => {
    const mesh = parse(`${TRIANGLE}vn 0 0 1\nvn 0 1 0\nf -3//-1 -2//-2 -1//1\n`);
    expect([...mesh.positions]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0]);
    expect([...(mesh.normals ?? [])]).toEqual([0, 1, 0, 0, 0, 1, 0, 0, 1]);
  });

  it('reads colours of 0 to 1 and of 0 to 255, also beside normals and texture coordinates', () => {
    const colored = 'v 0 0 0 1 0 0\nv 1 0 0 0 0.5 0\nv 0 1 0 0 0 1\nvt 0 0\nvn 0 0 1\n';
    const expected = [255, 0, 0, 255, 0, 128, 0, 255, 0, 0, 255, 255];
    expect([...(parse(`${colored}f 1/1/1 2/1/1 3/1/1\n`).colors ?? [])]).toEqual(expected);
    expect([...(parse(`${colored}f 1 2 3\n`).colors ?? [])]).toEqual(expected);
    const bytes = 'v 0 0 0 255 0 0\nv 1 0 0 0 128 0\nv 0 1 0 0 0 255\nf 1 2 3\n';
    expect([...(parse(bytes).colors ?? [])]).toEqual(expected);
  });

  it('leaves out what only some vertices or faces have', () => {
    const some = parse('v 0 0 0 1 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\nf 1 2 3\n');
    expect(some.colors).toBeUndefined();
    expect(some.uvs).toBeUndefined();
  });

  it('reads lines that end in CR LF, are continued, or are indented', () => {
    const mesh = parse('v 0 0 0\r\nv 1 0 \\\r\n 0\r\n  v 0 1 0\r\nf 1 2 \\\r\n 3\r\n');
    expect([...mesh.positions]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0]);
  });

  it('makes what is missing NaN, for the check of meshes to find', () => {
    expect(parse('v 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3').positions.some(Number.isNaN)).toBe(true);
  });

  it('names the face with a vertex that is not there', () => {
    for (const corner of ['4', '0', '-4', '1.5', 'x']) {
      expect(() => parse(`${TRIANGLE}f 1 2 3\nf 1 2 ${corner}/1\nv 1 1 1\n`)).toThrow(
        `a.obj is damaged: face 2 names vertex ${corner}, but the file has 3 before it.`,
      );
    }
  });

  it('refuses what has no faces', () => {
    for (const text of ['', TRIANGLE, 'solid ascii stl', `${TRIANGLE}l 1 2 3\n`]) {
      expect(() => parse(text)).toThrow('a.obj has no faces ("f" lines)');
    }
  });
});
