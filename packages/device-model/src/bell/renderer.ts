/** The 3D engine: the state that draws share, and the way from an index list to triangles. */
import { MAX_SURFACE } from '@doorbell/abi';
import { type Bounds, boundViewport, meet, noBounds } from './bounds.ts';
import { Clipper } from './clip.ts';
import { LastTriangle } from './last-triangle.ts';
import { Rasterizer, ROW_PIXELS } from './raster.ts';
import type { Surface } from './surface.ts';
import { type VertexBuffer, VertexStage } from './vertex.ts';
import { volume } from './volume.ts';

const { NOT_FINITE } = volume;

/** What a draw costs, in nanoseconds each. */
export interface DrawPrices {
  /** Per vertex transformed and lit. */
  readonly vertex: number;
  /** Per triangle of the index list. */
  readonly triangle: number;
  /** Per pixel that a triangle covers; to begin a row of one takes four. */
  readonly pixel: number;
}

/** The arrays reach as far as the counts say. */
export interface DrawCall extends VertexBuffer {
  readonly vertexCount: number;
  readonly indices: Uint32Array;
  /** The first index: an index into `indices`. */
  readonly indexBase: number;
  /** What is over after the last whole triangle is ignored. */
  readonly indexCount: number;
  /** As `drawFlags` has it (abi). */
  readonly flags: number;
}

export interface DrawResult {
  /** Vertices transformed: each once, unless there are very many. */
  vertices: number;
  /** Triangles taken from the index list. */
  triangles: number;
  /** Pixels covered, whether or not they passed the depth test. */
  pixels: number;
  /** What pixels and the rows that they stand in take, in the time of a pixel. */
  pixelTime: number;
  /** The time that all this takes, in nanoseconds. */
  ns: number;
  /** The position, in the index list, of the index that ended the draw; -1: none did. */
  badIndex: number;
  /** The draw took longer than allowed and was stopped. */
  aborted: boolean;
}

const NO_TARGET: Surface = { words: new Uint32Array(0), base: 0, stride: 0, width: 0, height: 0 };

/** More than any triangle takes. */
const MOST_PIXELS = MAX_SURFACE * (MAX_SURFACE + ROW_PIXELS);

export class Renderer {
  /** What became of the last draw: overwritten by the next. */
  readonly result: DrawResult = {
    vertices: 0,
    triangles: 0,
    pixels: 0,
    pixelTime: 0,
    ns: 0,
    badIndex: -1,
    aborted: false,
  };
  private readonly prices: DrawPrices;
  private readonly stage = new VertexStage();
  private readonly clipper = new Clipper();
  private readonly raster = new Rasterizer(this.stage);
  private readonly last = new LastTriangle(this.stage, this.raster);
  private color = NO_TARGET;
  private depth: Surface | undefined;
  private hasTexture = false;
  private readonly viewport: Bounds = noBounds();
  private readonly scissor: Bounds = noBounds();

  constructor(prices: DrawPrices) {
    this.prices = prices;
  }

  /** `depth` is as large as `color`. Without it every pixel passes the depth test. */
  setTarget(color: Surface, depth: Surface | undefined): void {
    this.color = color;
    this.depth = depth;
  }

  /**
   * In pixels. Normalised device coordinates (-1, -1) fall on its top left, (1, 1) on its
   * bottom right. Pixels whose centres are outside of it are not drawn.
   */
  setViewport(x: number, y: number, width: number, height: number): void {
    this.stage.setViewport(x, y, width, height);
    boundViewport(this.viewport, x, y, width, height);
  }

  /** In pixels. */
  setScissor(x: number, y: number, width: number, height: number): void {
    this.scissor.left = x;
    this.scissor.top = y;
    this.scissor.right = x + width;
    this.scissor.bottom = y + height;
  }

  /** `filter` as `filters` has it (abi). Undefined, or without texels: white. */
  setTexture(texture: Surface | undefined, filter: number): void {
    this.hasTexture = texture !== undefined;
    this.raster.shader.setTexture(texture, filter);
  }

  /** Model to clip space: 16 numbers, column by column. The light is in model space. */
  setTransform(
    matrix: ArrayLike<number>,
    lightX: number,
    lightY: number,
    lightZ: number,
    ambient: number,
  ): void {
    this.stage.setTransform(matrix, lightX, lightY, lightZ, ambient);
  }

  /**
   * Draws triangle by triangle, until the list ends, an index has no vertex, or more than
   * `budget` nanoseconds have gone. What was drawn before that stays drawn.
   */
  draw(call: DrawCall, budget: number): DrawResult {
    const { result } = this;
    this.begin(call);
    const end = call.indexCount - 2;
    for (let at = 0; at < end && !result.aborted; at += 3) {
      result.badIndex = this.findBadIndex(call, at);
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
    result.pixelTime = 0;
    result.ns = 0;
    result.badIndex = -1;
    result.aborted = false;
    meet(this.raster.bounds, this.color, this.viewport, this.scissor);
    this.stage.begin(call.vertexCount);
    this.last.forget();
    this.raster.begin(this.color, this.depth, call.flags);
  }

  /** The position of the first of three indices that has no vertex, or -1. */
  private findBadIndex(call: DrawCall, at: number): number {
    const { indices, indexBase, vertexCount } = call;
    for (let position = at; position < at + 3; position++) {
      if (indices[indexBase + position] >= vertexCount) {
        return position;
      }
    }
    return -1;
  }

  /** How much the next triangle may take, in the time of a pixel. */
  private pixelsWithin(budget: number): number {
    const { prices, result } = this;
    const free = prices.pixel === 0;
    return free ? MOST_PIXELS : Math.min((budget - result.ns) / prices.pixel, MOST_PIXELS) | 0;
  }

  private account(): number {
    const { prices, raster, result, stage } = this;
    result.vertices = stage.count;
    result.pixels = raster.pixels;
    result.pixelTime = result.pixels + raster.rows * ROW_PIXELS;
    result.ns =
      result.vertices * prices.vertex +
      result.triangles * prices.triangle +
      result.pixelTime * prices.pixel;
    return result.ns;
  }

  private triangle(call: DrawCall, at: number, most: number): void {
    const { stage } = this;
    const { indices } = call;
    const a = stage.fetch(call, indices[at], 0, -1, -1);
    const b = stage.fetch(call, indices[at + 1], 1, a, -1);
    const c = stage.fetch(call, indices[at + 2], 2, a, b);
    // Depths and texels may have been changed meanwhile, also by the triangle itself.
    const canRepeat = this.depth === undefined && !this.hasTexture;
    if (canRepeat && this.last.counts(a, b, c, most)) {
      return;
    }
    this.last.begin(a, b, c);
    this.fill(a, b, c, most);
    this.last.end();
  }

  private fill(a: number, b: number, c: number, most: number): void {
    const { outcodes } = this.stage;
    const outside = outcodes[a] | outcodes[b] | outcodes[c];
    if (outside === 0) {
      this.raster.triangle(a, b, c, most);
    } else if ((outside & NOT_FINITE) === 0 && (outcodes[a] & outcodes[b] & outcodes[c]) === 0) {
      this.clipped(a, b, c, most);
    }
  }

  /** What is left of the triangle is convex: a fan around its first corner. */
  private clipped(a: number, b: number, c: number, most: number): void {
    const { stage, raster } = this;
    const first = stage.corners;
    const end = first + this.clipper.clip(stage, a, b, c);
    let spent = 0;
    for (let corner = first + 2; corner < end && spent <= most; corner++) {
      spent += raster.triangle(first, corner - 1, corner, most - spent);
    }
  }
}
