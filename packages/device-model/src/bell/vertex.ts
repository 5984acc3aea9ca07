/**
 * The vertex stage: position, light and projection, done once for a vertex that several
 * triangles share. Results stay in a direct-mapped cache for the length of a draw.
 */
import { VERTEX_BYTES } from '@doorbell/abi';
import { screenRows } from './screen-rows.ts';
import { slotLayout } from './slot.ts';
import { outcode, volume } from './volume.ts';

const { X, Y, Z, W, U, V, Q, R, G, B, A, DEPTH, LENGTH } = slotLayout;
const { GUARD, LEAST_W } = volume;

/** Vertices in memory, as `draw` has them (abi). */
export interface VertexBuffer {
  /** Two views of the same bytes. */
  readonly floats: Float32Array;
  readonly words: Uint32Array;
  /** The first vertex: an index into both. */
  readonly base: number;
}

const VERTEX_WORDS = VERTEX_BYTES / 4;
const LEAST_CACHE = 64;
const MOST_CACHE = 1 << 16;
/** Slots for a triangle whose vertices collide in the cache. */
const COLLISIONS = 3;
/** Slots for the corners of a clipped triangle. */
export const CORNERS = 16;

/** Texture coordinates are held to ± this many repetitions, so that they fit in 64 bits. */
const MOST_REPETITIONS = 2 ** 18;

/** `value` held to a range; NaN becomes `low`. */
function within(value: number, low: number, high: number): number {
  return value > low ? (value < high ? value : high) : low;
}

/** Pixels in 1/256 pixel: to the nearest, ties up. */
function fixed(pixels: number): number {
  return within(Math.floor(pixels * 256 + 0.5), -GUARD * 256, GUARD * 256);
}

export class VertexStage {
  /** Slot by slot, as slot.ts has it. */
  values = new Float64Array(0);
  /** Per slot: the place on the screen in 1/256 pixel, the colour as a pixel, the outcode. */
  screenX = new Int32Array(0);
  screenY = new Int32Array(0);
  colors = new Int32Array(0);
  outcodes = new Uint8Array(0);
  /** The first of the slots for a clipped triangle. */
  corners = 0;
  /** Vertices transformed in this draw. */
  count = 0;

  /** Slots of the cache: a power of two. */
  private cached = 0;
  /** Which vertex a slot of the cache holds; -1: none. */
  private tags = new Int32Array(0);
  private readonly matrix = new Float64Array(16);
  /** x, y, width, height: in pixels. */
  private readonly viewport = new Float64Array(4);
  /** Rows X, Y, Z, W: matrix and viewport in one. */
  private readonly rows = new Float64Array(16);
  /** Direction and ambient. */
  private readonly light = new Float64Array(4);

  /** In pixels. */
  setViewport(x: number, y: number, width: number, height: number): void {
    this.viewport[0] = x;
    this.viewport[1] = y;
    this.viewport[2] = width;
    this.viewport[3] = height;
    screenRows(this.rows, this.matrix, this.viewport);
  }

  /** `matrix`: 16 numbers, column by column. The light is in model space. */
  setTransform(
    matrix: ArrayLike<number>,
    lightX: number,
    lightY: number,
    lightZ: number,
    ambient: number,
  ): void {
    for (let i = 0; i < 16; i++) {
      this.matrix[i] = matrix[i];
    }
    this.light[0] = lightX;
    this.light[1] = lightY;
    this.light[2] = lightZ;
    this.light[3] = ambient;
    screenRows(this.rows, this.matrix, this.viewport);
  }

  /** Forgets the vertices of the draw before. */
  begin(vertexCount: number): void {
    let slots = LEAST_CACHE;
    while (slots < vertexCount && slots < MOST_CACHE) {
      slots *= 2;
    }
    if (slots > this.tags.length) {
      this.allocate(slots);
    }
    this.cached = slots;
    this.corners = slots + COLLISIONS;
    this.tags.fill(-1, 0, slots);
    this.count = 0;
  }

  private allocate(cached: number): void {
    const slots = cached + COLLISIONS + CORNERS;
    this.tags = new Int32Array(cached);
    this.values = new Float64Array(slots * LENGTH);
    this.screenX = new Int32Array(slots);
    this.screenY = new Int32Array(slots);
    this.colors = new Int32Array(slots);
    this.outcodes = new Uint8Array(slots);
  }

  /**
   * The slot that holds vertex `index`, for corner 0, 1 or 2 of a triangle. The slots of the
   * corners before it, `first` and `second`, stay as they are.
   */
  fetch(
    vertices: VertexBuffer,
    index: number,
    corner: number,
    first: number,
    second: number,
  ): number {
    let slot = index & (this.cached - 1);
    if (this.tags[slot] !== index) {
      if (slot === first || slot === second) {
        slot = this.cached + corner;
      } else {
        this.tags[slot] = index;
      }
      this.count++;
      this.transform(vertices, index, slot);
    }
    return slot;
  }

  private transform(vertices: VertexBuffer, index: number, slot: number): void {
    const { values, rows } = this;
    const { floats } = vertices;
    const from = vertices.base + index * VERTEX_WORDS;
    const px = floats[from];
    const py = floats[from + 1];
    const pz = floats[from + 2];
    const x = rows[0] * px + rows[1] * py + rows[2] * pz + rows[3];
    const y = rows[4] * px + rows[5] * py + rows[6] * pz + rows[7];
    const z = rows[8] * px + rows[9] * py + rows[10] * pz + rows[11];
    const w = rows[12] * px + rows[13] * py + rows[14] * pz + rows[15];
    const at = slot * LENGTH;
    values[at + X] = x;
    values[at + Y] = y;
    values[at + Z] = z;
    values[at + W] = w;
    values[at + U] = within(floats[from + 6], -MOST_REPETITIONS, MOST_REPETITIONS);
    values[at + V] = within(floats[from + 7], -MOST_REPETITIONS, MOST_REPETITIONS);
    this.illuminate(vertices, from, at);
    const code = outcode(x, y, z, w);
    this.outcodes[slot] = code;
    if (code === 0) {
      this.project(slot);
    }
  }

  /** Ambient and diffuse light on the vertex's colour; alpha is not lit. */
  private illuminate(vertices: VertexBuffer, from: number, at: number): void {
    const { values, light } = this;
    const { floats } = vertices;
    const diffuse =
      light[0] * floats[from + 3] + light[1] * floats[from + 4] + light[2] * floats[from + 5];
    const strength = light[3] + (diffuse > 0 ? diffuse : 0);
    const color = vertices.words[from + 8];
    values[at + R] = within((color & 255) * strength, 0, 255) + 0.5;
    values[at + G] = within(((color >>> 8) & 255) * strength, 0, 255) + 0.5;
    values[at + B] = within(((color >>> 16) & 255) * strength, 0, 255) + 0.5;
    values[at + A] = (color >>> 24) + 0.5;
  }

  /** From homogeneous coordinates to the screen. */
  project(slot: number): void {
    const { values } = this;
    const at = slot * LENGTH;
    const q = 1 / Math.max(values[at + W], LEAST_W);
    this.screenX[slot] = fixed(values[at + X] * q);
    this.screenY[slot] = fixed(values[at + Y] * q);
    values[at + Q] = q;
    values[at + DEPTH] = within(values[at + Z] * q, 0, 1) * 0xffffff + 0.5;
    this.colors[slot] =
      values[at + R] | (values[at + G] << 8) | (values[at + B] << 16) | (values[at + A] << 24);
  }
}
