/** Small meshes for tests. */
import type { RawMesh } from '../src/mesh.ts';

/** A cube from -1 to 1 of 12 triangles over 8 vertices. */
export function cube(): RawMesh {
  const positions = Array.from({ length: 8 }, (_, i) => [i & 1, (i >> 1) & 1, i >> 2])
    .flat()
    .map((bit) => 2 * bit - 1);
  const sides = [
    [1, 3, 7, 5],
    [0, 4, 6, 2],
    [2, 6, 7, 3],
    [0, 1, 5, 4],
    [4, 5, 7, 6],
    [0, 2, 3, 1],
  ];
  return {
    positions: Float32Array.from(positions),
    indices: Uint32Array.from(sides.flatMap(([a, b, c, d]) => [a, b, c, a, c, d])),
  };
}

/** A sphere of radius 1 in `bands` bands. */
export function sphere(bands: number): RawMesh {
  const around = 2 * bands;
  const positions: number[] = [];
  const indices: number[] = [];
  for (let band = 0; band <= bands; band++) {
    for (let i = 0; i < around; i++) {
      const [tilt, turn] = [(Math.PI * band) / bands, (2 * Math.PI * i) / around];
      const radius = Math.sin(tilt);
      positions.push(radius * Math.sin(turn), Math.cos(tilt), radius * Math.cos(turn));
    }
  }
  for (let band = 0; band < bands; band++) {
    for (let i = 0; i < around; i++) {
      const a = band * around + i;
      const b = band * around + ((i + 1) % around);
      indices.push(a, a + around, b, b, a + around, b + around);
    }
  }
  return { positions: Float32Array.from(positions), indices: Uint32Array.from(indices) };
}
