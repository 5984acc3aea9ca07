/** The 3D engine: the state that draws share, and the way of an index list to pixels. */
import { Clipper } from './clip.ts';
import { Rasterizer } from './raster.ts';
import type { Surface } from './surface.ts';
import { type VertexBuffer, VertexStage } from './vertex.ts';
import { NOT_FINITE } from './volume.ts';

/** What a draw costs, in nanoseconds each. */
export interface DrawPrices {
  /** Per vertex transformed and lit. */
  readonly vertex: number;
  /** Per triangle of the index list. */
  readonly triangle: number;
  /** Per pixel that a triangle covers. */
  readonly pixel: number;
}

export interface DrawCall extends VertexBuffer {
  readonly vertexCount: number;
  readonly indices: Uint32Array;
  /** The first index: an index into `indices`. */
  readonly indexBase: number;
  readonly indexCount: number;
  /** As `drawFlags` has it (abi). */
  readonly flags: number;
}

/** What became of the last draw. */
export interface DrawResult {
  /** Vertices transformed. */
  vertices: number;
  /** Triangles taken from the index list. */
  triangles: number;
  /** Pixels covered, whether or not they passed the depth test. */
  pixels: number;
  /** The time that these take, in nanoseconds. */
  ns: number;
  /** The position, in the index list, of the index that ended the draw; -1: none did. */
  badIndex: number;
  /** The draw took longer than allowed and was stopped. */
  aborted: boolean;
}

export class Renderer {
  /** Overwritten by each draw. */
  readonly result: DrawResult = {
    vertices: 0,
    triangles: 0,
    pixels: 0,
    ns: 0,
    badIndex: -1,
    aborted: false,
  };
  private readonly prices: DrawPrices;
  private readonly stage = new VertexStage();
  private readonly clipper = new Clipper();
  private readonly raster = new Rasterizer(this.stage);
  private color: Surface = { words: new Uint32Array(0), base: 0, stride: 0, width: 0, height: 0 };
  private depth: Surface | undefined;
  private readonly viewport = { left: 0, top: 0, right: 0, bottom: 0 };
  private readonly scissor = { left: 0, top: 0, right: 0, bottom: 0 };

  constructor(prices: DrawPrices) {
    this.prices = prices;
  }

  setTarget(color: Surface, depth: Surface | undefined): void {
    this.color = color;
    this.depth = depth;
  }
  /** In pixels. */
  setViewport(x: number, y: number, width: number, height: number): void {
    this.stage.setViewport(x, y, width, height);
    this.viewport.left = Math.ceil(Math.min(x, x + width) - 0.5);
    this.viewport.right = Math.ceil(Math.max(x, x + width) - 0.5);
    this.viewport.top = Math.ceil(Math.min(y, y + height) - 0.5);
    this.viewport.bottom = Math.ceil(Math.max(y, y + height) - 0.5);
  }
  /** In pixels. */
  setScissor(x: number, y: number, width: number, height: number): void {
    this.scissor.left = x;
    this.scissor.top = y;
    this.scissor.right = x + width;
    this.scissor.bottom = y + height;
  }
  /** `filter` as `filters` has it (abi). Undefined: white. */
  setTexture(texels: Surface | undefined, filter: number): void {
    this.raster.shader.setTexture(texels, filter);
  }
  /** `matrix`: 16 numbers, column by column. The light is in model space. */
  setTransform(
    matrix: ArrayLike<number>,
    lightX: number,
    lightY: number,
    lightZ: number,
    ambient: number,
  ): void {
    this.stage.setTransform(matrix, lightX, lightY, lightZ, ambient);
  }

  /** Draws until the list ends, an index is bad, or more than `budget` nanoseconds have gone. */
  draw(call: DrawCall, budget: number): DrawResult {
    const { result } = this;
    this.begin(call);
    const end = call.indexCount - 2;
    for (let at = 0; at < end && !result.aborted; at += 3) {
      result.badIndex = this.badIndex(call, at);
      if (result.badIndex >= 0) {
        break;
      }
      result.triangles++;
      this.triangle(call, call.indexBase + at, this.pixelsWithin(budget));
      result.aborted = this.account() > budget;
    }
    return result;
  }

  private begin(call: DrawCall): void {
    const { result } = this;
    result.vertices = 0;
    result.triangles = 0;
    result.pixels = 0;
    result.ns = 0;
    result.badIndex = -1;
    result.aborted = false;
    this.stage.begin(call.vertexCount);
    this.bound();
    this.raster.begin(this.color, this.depth, call.flags);
  }

  /** Pixels may be drawn where target, viewport and scissor meet. NaN meets nothing. */
  private bound(): void {
    const { color, viewport, scissor } = this;
    const { bounds } = this.raster;
    bounds.left = Math.max(0, viewport.left, scissor.left) | 0;
    bounds.top = Math.max(0, viewport.top, scissor.top) | 0;
    bounds.right = Math.min(color.width, viewport.right, scissor.right);
    bounds.bottom = Math.min(color.height, viewport.bottom, scissor.bottom);
    if (!(bounds.left < bounds.right && bounds.top < bounds.bottom)) {
      bounds.left = bounds.top = bounds.right = bounds.bottom = 0;
    }
  }

  /** The position of the first of three indices that has no vertex, or -1. */
  private badIndex(call: DrawCall, at: number): number {
    const { indices, indexBase, vertexCount } = call;
    for (let position = at; position < at + 3; position++) {
      if (indices[indexBase + position] >= vertexCount) {
        return position;
      }
    }
    return -1;
  }

  private pixelsWithin(budget: number): number {
    const { prices, result } = this;
    return prices.pixel > 0 ? (budget - result.ns) / prices.pixel : Infinity;
  }

  private account(): number {
    const { prices, result, stage } = this;
    result.vertices = stage.count;
    result.ns =
      result.vertices * prices.vertex +
      result.triangles * prices.triangle +
      result.pixels * prices.pixel;
    return result.ns;
  }

  private triangle(call: DrawCall, at: number, most: number): void {
    const { stage } = this;
    const { indices } = call;
    const a = stage.fetch(call, indices[at], 0, -1, -1);
    const b = stage.fetch(call, indices[at + 1], 1, a, -1);
    const c = stage.fetch(call, indices[at + 2], 2, a, b);
    const { outcodes } = stage;
    const any = outcodes[a] | outcodes[b] | outcodes[c];
    if (any === 0) {
      this.result.pixels += this.raster.triangle(a, b, c, most);
    } else if ((outcodes[a] & outcodes[b] & outcodes[c]) === 0 && (any & NOT_FINITE) === 0) {
      this.clipped(a, b, c, most);
    }
  }

  private clipped(a: number, b: number, c: number, most: number): void {
    const { stage, raster } = this;
    const first = stage.corners;
    const end = first + this.clipper.clip(stage, a, b, c);
    let pixels = 0;
    for (let corner = first + 2; corner < end && pixels <= most; corner++) {
      pixels += raster.triangle(first, corner - 1, corner, most - pixels);
    }
    this.result.pixels += pixels;
  }
}
