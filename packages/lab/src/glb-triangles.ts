/** The primitives of a GLB file, gathered into one mesh. */
import { type Accessor, Primitive } from '@gltf-transform/core';
import { cross, dot, type Matrix, scaled, transform, type Vector } from './math.ts';
import type { RawMesh } from './mesh.ts';
import { checkSize } from './raw-mesh.ts';
import { encodeSrgb } from './srgb.ts';

export class GlbTriangles {
  private readonly name: string;
  private readonly positions: number[] = [];
  private readonly normals: number[] = [];
  private readonly uvs: number[] = [];
  private readonly colors: number[] = [];
  private readonly indices: number[] = [];
  private normalsComplete = true;
  private hasUvs = false;
  private hasColors = false;

  /** `name` is for messages. */
  constructor(name: string) {
    this.name = name;
  }

  /** @throws InputError when the mesh becomes too large. */
  append(primitive: Primitive, matrix: Matrix): void {
    const positions = primitive.getAttribute('POSITION');
    const corners = cornersOf(primitive, positions?.getCount() ?? 0);
    if (positions === null || corners.length === 0) {
      return;
    }
    checkSize(this.name, 0, this.indices.length + corners.length);
    const first = this.positions.length / 3;
    const axes = new Axes(matrix);
    for (let at = 0; at < corners.length; at += 3) {
      // A mirror turns triangles over.
      const [b, c] = axes.mirrors
        ? [corners[at + 2], corners[at + 1]]
        : [corners[at + 1], corners[at + 2]];
      this.indices.push(first + corners[at], first + b, first + c);
    }
    this.appendVertices(primitive, positions, axes);
    this.appendColors(primitive, positions.getCount());
  }

  finish(): RawMesh {
    return {
      positions: Float32Array.from(this.positions),
      normals: this.normalsComplete ? Float32Array.from(this.normals) : undefined,
      uvs: this.hasUvs ? Float32Array.from(this.uvs) : undefined,
      colors: this.hasColors ? Uint8Array.from(this.colors) : undefined,
      indices: Uint32Array.from(this.indices),
    };
  }

  private appendVertices(primitive: Primitive, positions: Accessor, axes: Axes): void {
    const normals = primitive.getAttribute('NORMAL');
    const uvs = primitive.getAttribute('TEXCOORD_0');
    this.normalsComplete &&= normals !== null;
    this.hasUvs ||= uvs !== null;
    const element: number[] = [0, 0, 0];
    for (let vertex = 0; vertex < positions.getCount(); vertex++) {
      const [x, y, z] = transform(axes.matrix, vectorOf(positions, vertex, element));
      this.positions.push(x, y, z);
      if (normals !== null) {
        this.normals.push(...axes.normal(vectorOf(normals, vertex, element)));
      }
      const [u, v] = uvs?.getElement(vertex, element) ?? [0, 0];
      this.uvs.push(u, v);
    }
  }

  /** §3.9.2: the vertex's colour times the material's, both linear. */
  private appendColors(primitive: Primitive, count: number): void {
    const factor = primitive.getMaterial()?.getBaseColorFactor() ?? [1, 1, 1, 1];
    const colors = primitive.getAttribute('COLOR_0');
    this.hasColors ||= colors !== null || factor[0] < 1 || factor[1] < 1 || factor[2] < 1;
    const element: number[] = [1, 1, 1];
    for (let vertex = 0; vertex < count; vertex++) {
      colors?.getElement(vertex, element);
      for (let channel = 0; channel < 3; channel++) {
        this.colors.push(encodeSrgb(element[channel] * factor[channel]));
      }
      this.colors.push(255);
    }
  }
}

function vectorOf(accessor: Accessor, index: number, element: number[]): Vector {
  accessor.getElement(index, element);
  return [element[0], element[1], element[2]];
}

/** The vertices of each triangle in turn (§3.7.2.1); none of lines and points. */
function cornersOf(primitive: Primitive, vertices: number): number[] {
  const indices = primitive.getIndices();
  const count = indices?.getCount() ?? vertices;
  const vertex = (i: number): number => indices?.getScalar(i) ?? i;
  const corners: number[] = [];
  switch (primitive.getMode()) {
    case Primitive.Mode.TRIANGLES:
      for (let i = 0; i + 2 < count; i += 3) {
        corners.push(vertex(i), vertex(i + 1), vertex(i + 2));
      }
      break;
    case Primitive.Mode.TRIANGLE_STRIP:
      for (let i = 0; i + 2 < count; i++) {
        corners.push(vertex(i), vertex(i + 1 + (i & 1)), vertex(i + 2 - (i & 1)));
      }
      break;
    case Primitive.Mode.TRIANGLE_FAN:
      for (let i = 1; i + 1 < count; i++) {
        corners.push(vertex(i), vertex(i + 1), vertex(0));
      }
      break;
    default:
  }
  return corners;
}

/** How a node's matrix turns normals: by the inverse transpose, that is by the cofactors over the determinant. */
class Axes {
  readonly matrix: Matrix;
  readonly mirrors: boolean;
  private readonly cofactors: readonly [Vector, Vector, Vector];

  constructor(matrix: Matrix) {
    const column = (at: number): Vector => [matrix[at], matrix[at + 1], matrix[at + 2]];
    const [x, y, z] = [column(0), column(4), column(8)];
    this.matrix = matrix;
    this.mirrors = dot(x, cross(y, z)) < 0;
    const sign = this.mirrors ? -1 : 1;
    this.cofactors = [
      scaled(cross(y, z), sign),
      scaled(cross(z, x), sign),
      scaled(cross(x, y), sign),
    ];
  }

  /** A normal in the scene, of any length. */
  normal([x, y, z]: Vector): Vector {
    const [a, b, c] = this.cofactors;
    return [
      a[0] * x + b[0] * y + c[0] * z,
      a[1] * x + b[1] * y + c[1] * z,
      a[2] * x + b[2] * y + c[2] * z,
    ];
  }
}
