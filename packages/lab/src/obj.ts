/** Wavefront OBJ to a mesh. */
import { OBJLoader } from '@loaders.gl/obj';
import { InputError } from './input-error.ts';
import type { RawMesh } from './mesh.ts';

/** A face each of whose corners has a texture coordinate. */
const TEXTURED_FACE = /^\s*f(\s+-?\d+\/-?\d+\S*)+\s*$/;
/** A vertex with six numbers. */
const COLORED_VERTEX = /^\s*v(\s+\S+){6}/;

/** @throws InputError; `name` is for its message. */
export function parseObj(name: string, bytes: Uint8Array): RawMesh {
  const lines = geometryLines(new TextDecoder().decode(bytes));
  const faces = lines.filter(isFace);
  if (faces.length === 0) {
    throw new InputError(
      `${name} has no faces ("f" lines); it is not an OBJ file, or has no mesh.`,
    );
  }
  checkFaces(name, lines);
  const { POSITION, NORMAL, TEXCOORD_0 } = attributes(lines);
  return {
    positions: POSITION,
    normals: NORMAL,
    uvs: faces.every((line) => TEXTURED_FACE.test(line)) ? flipped(TEXCOORD_0) : undefined,
    colors: colorsOf(lines),
    indices: Uint32Array.from({ length: POSITION.length / 3 }, (_, corner) => corner),
  };
}

/**
 * The loader takes the vertices of lines and points for those of triangles, and refuses what it
 * does not know, so it is given nothing but triangles. A backslash continues a line.
 */
function geometryLines(text: string): string[] {
  return text
    .replace(/\\\r?\n/g, ' ')
    .split(/\r\n|\n|\r/)
    .filter((line) => /^\s*(v|vn|vt|f)\s/.test(line));
}

function isFace(line: string): boolean {
  return /^\s*f/.test(line);
}

/** The loader would take a vertex that is not there for one that is not a number. */
function checkFaces(name: string, lines: readonly string[]): void {
  let vertices = 0;
  let faces = 0;
  for (const line of lines) {
    const [keyword, ...corners] = line.trim().split(/\s+/);
    vertices += keyword === 'v' ? 1 : 0;
    faces += keyword === 'f' ? 1 : 0;
    const wrong =
      keyword === 'f' ? corners.find((corner) => !isVertex(corner, vertices)) : undefined;
    if (wrong !== undefined) {
      throw new InputError(
        `${name} is damaged: face ${faces} names vertex ${numberOf(wrong)}, but the file has ${vertices} before it.`,
      );
    }
  }
}

function numberOf(corner: string): string {
  return corner.split('/', 1)[0];
}

/** Vertices count from 1, or from -1 backwards. */
function isVertex(corner: string, vertices: number): boolean {
  const text = numberOf(corner);
  const distance = Math.abs(Number(text));
  return /^-?\d+$/.test(text) && distance >= 1 && distance <= vertices;
}

interface Attributes {
  readonly POSITION: Float32Array;
  readonly NORMAL?: Float32Array;
  readonly TEXCOORD_0?: Float32Array;
  readonly COLOR_0?: Float32Array;
}

/** Three vertices for each triangle. What a line lacks, or the number of a normal or texture coordinate does not name, is NaN. */
function attributes(lines: readonly string[]): Attributes {
  const mesh = OBJLoader.parseTextSync(lines.join('\n'));
  return Object.fromEntries(
    Object.entries(mesh.attributes).map(([name, { value }]) => [name, value]),
  ) as unknown as Attributes;
}

/**
 * Colours follow a vertex's position, 0 to 1 or 0 to 255. The loader finds them by the last of a
 * corner's numbers, so for this the others are taken away.
 */
function colorsOf(lines: readonly string[]): Uint8Array | undefined {
  if (!lines.some((line) => COLORED_VERTEX.test(line))) {
    return undefined;
  }
  const plain = lines.map((line) => (isFace(line) ? line.replace(/\/\S*/g, '') : line));
  const { COLOR_0 } = attributes(plain);
  if (!COLOR_0?.every(Number.isFinite)) {
    return undefined;
  }
  const scale = COLOR_0.some((value) => value > 1) ? 1 : 255;
  const colors = new Uint8Array((COLOR_0.length / 3) * 4).fill(255);
  COLOR_0.forEach((value, index) => {
    const channel = Math.max(0, Math.min(255, Math.round(value * scale)));
    colors[Math.floor(index / 3) * 4 + (index % 3)] = channel;
  });
  return colors;
}

/** OBJ has v = 0 at the bottom of the picture. */
function flipped(uvs: Float32Array | undefined): Float32Array | undefined {
  return uvs?.map((value, index) => (index % 2 === 0 ? value : 1 - value));
}
