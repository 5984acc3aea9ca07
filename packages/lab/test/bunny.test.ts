import { expect, it } from 'vitest';
import { bunnyMesh } from '../src/bunny.ts';

it('is the mesh of the package, smooth all over: no vertex was split', async () => {
  const { positions, normals, indices } = await bunnyMesh();
  expect([positions.length / 3, indices.length / 3]).toEqual([1839, 3674]);
  for (let at = 0; at < normals.length; at += 3) {
    expect(Math.hypot(...normals.subarray(at, at + 3))).toBeCloseTo(1, 5);
  }
});

it('is closed: each edge belongs to two triangles, once in each direction', async () => {
  const { indices } = await bunnyMesh();
  const edges = new Set<string>();
  for (let at = 0; at < indices.length; at += 3) {
    const [a, b, c] = indices.subarray(at, at + 3);
    edges.add(`${a} ${b}`).add(`${b} ${c}`).add(`${c} ${a}`);
  }
  expect(edges.size).toBe(indices.length);
  for (const edge of edges) {
    expect(edges.has(edge.split(' ').reverse().join(' '))).toBe(true);
  }
});

it('is made once', async () => {
  expect(await bunnyMesh()).toBe(await bunnyMesh());
});
