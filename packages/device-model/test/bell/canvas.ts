/** A target of the 3D engine whose corners are given in pixels, and a reference for coverage. */
import { type DrawResult, Renderer } from '../../src/bell/renderer.ts';
import type { Surface } from '../../src/bell/surface.ts';

/** What matters of a vertex; the rest is 0, and the colour white. */
export interface Corner {
  /** Pixels, y down. */
  readonly x: number;
  readonly y: number;
  /** 0 to 1. */
  readonly depth?: number;
  readonly color?: number;
  readonly u?: number;
  readonly v?: number;
}

export const WHITE = 0xffffffff;
export const FAR = 0xffffff;
/** What surrounds the pixels in memory. */
export const MARGIN = 0x5a5a5a5a;

export function surface(width: number, height: number, value: number): Surface {
  const stride = width + 3;
  const base = 5;
  const words = new Uint32Array(base + height * stride + 7).fill(MARGIN);
  for (let y = 0; y < height; y++) {
    words.fill(value, base + y * stride, base + y * stride + width);
  }
  return { words, base, stride, width, height };
}

export function pixel(of: Surface, x: number, y: number): number {
  return of.words[of.base + y * of.stride + x];
}

/** How many words outside of a surface's rows are no longer what they were. */
export function damage({ words, base, stride, width, height }: Surface): number {
  let count = 0;
  words.forEach((word, at) => {
    const x = (at - base) % stride;
    const inside = at >= base && at < base + height * stride && x < width;
    count += !inside && word !== MARGIN ? 1 : 0;
  });
  return count;
}

export class Canvas {
  readonly color: Surface;
  readonly depth: Surface;
  readonly renderer = new Renderer({ vertex: 1, triangle: 10, pixel: 2 });

  constructor(width = 16, height = 16) {
    this.color = surface(width, height, 0);
    this.depth = surface(width, height, FAR);
    this.renderer.setTarget(this.color, this.depth);
    this.renderer.setViewport(0, 0, width, height);
    this.renderer.setScissor(0, 0, width, height);
    this.usePixels();
  }

  /** Positions are pixels and depth from here on; unlit. Exact where width and height are powers of two. */
  usePixels(): void {
    const { width, height } = this.color;
    // prettier-ignore
    this.renderer.setTransform([2 / width, 0, 0, 0, 0, 2 / height, 0, 0, 0, 0, 1, 0, -1, -1, 0, 1], 0, 0, 0, 1);
  }

  /** Draws floats as they are, nine to a vertex; `colors` takes the place of each ninth. */
  drawRaw(
    floats: Float32Array,
    colors: readonly number[],
    indices: readonly number[],
    flags = 0,
    budget = Infinity,
  ): DrawResult {
    const words = new Uint32Array(floats.buffer);
    colors.forEach((color, vertex) => {
      words[vertex * 9 + 8] = color;
    });
    return this.renderer.draw(
      {
        floats,
        words,
        base: 0,
        vertexCount: colors.length,
        indices: Uint32Array.from(indices),
        indexBase: 0,
        indexCount: indices.length,
        flags,
      },
      budget,
    );
  }

  draw(
    corners: readonly Corner[],
    flags = 0,
    indices: readonly number[] = corners.map((_, index) => index),
    budget = Infinity,
  ): DrawResult {
    const floats = new Float32Array(corners.length * 9);
    corners.forEach(({ x, y, depth = 0, u = 0, v = 0 }, vertex) => {
      floats.set([x, y, depth, 0, 0, 0, u, v], vertex * 9);
    });
    const colors = corners.map(({ color = WHITE }) => color);
    return this.drawRaw(floats, colors, indices, flags, budget);
  }

  at(x: number, y: number): number {
    return pixel(this.color, x, y);
  }

  depthAt(x: number, y: number): number {
    return pixel(this.depth, x, y);
  }

  /** Row by row: # where something was drawn. */
  picture(): string[] {
    return Array.from({ length: this.color.height }, (_, y) =>
      Array.from({ length: this.color.width }, (__, x) => (this.at(x, y) === 0 ? '.' : '#')).join(
        '',
      ),
    );
  }

  /** Adds 1 to the count of each pixel, row by row, where something was drawn. */
  countInto(counts: number[]): void {
    const { width, height } = this.color;
    for (let at = 0; at < width * height; at++) {
      counts[at] += this.at(at % width, Math.floor(at / width)) === 0 ? 0 : 1;
    }
  }

  clear(): void {
    const { words, base, stride, width, height } = this.color;
    for (let y = 0; y < height; y++) {
      words.fill(0, base + y * stride, base + y * stride + width);
    }
  }
}

type Point = readonly [x: bigint, y: bigint];

/**
 * Whether a triangle owns the centre of pixel (x, y), by three edge functions over unbounded
 * integers and the top-left rule as Direct3D 11.3 §3.4.2.1 words it. Corners are in 1/256 pixel.
 */
export function owns(
  corners: readonly (readonly [number, number])[],
  x: number,
  y: number,
): boolean {
  const centre: Point = [BigInt(x) * 256n + 128n, BigInt(y) * 256n + 128n];
  const [a, b, c] = corners.map(([px, py]): Point => [BigInt(px), BigInt(py)]) as [
    Point,
    Point,
    Point,
  ];
  const area = side(a, b, c);
  if (area === 0n) {
    return false;
  }
  const clockwise = area > 0n ? [a, b, c] : [a, c, b];
  return clockwise.every((from, index) => {
    const to = clockwise[(index + 1) % 3];
    const distance = side(from, to, centre);
    const top = from[1] === to[1] && to[0] > from[0];
    const left = to[1] < from[1];
    return distance > 0n || (distance === 0n && (top || left));
  });
}

function side(a: Point, b: Point, p: Point): bigint {
  return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
}
