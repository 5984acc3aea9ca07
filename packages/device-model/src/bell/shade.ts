/** The colour stage: decides for a triangle how its pixels get their colour. */
import { drawFlags, filters } from '@doorbell/abi';
import type { Planes } from './plane.ts';
import { flatRow, Row, smoothRow } from './row.ts';
import type { Surface } from './surface.ts';
import { BILINEAR_OFFSET, bilinearRow, nearestRow, REPETITION } from './textured-row.ts';
import { slotLayout } from './slot.ts';
import type { VertexStage } from './vertex.ts';

const { U, V, R, A, DEPTH } = slotLayout;

const modes = { FLAT: 0, SMOOTH: 1, NEAREST: 2, BILINEAR: 3 } as const;
type Mode = (typeof modes)[keyof typeof modes];

/** A texel times white is the texel. */
const WHITE = 0xffffffff | 0;

const NOTHING: Surface = { words: new Uint32Array(0), base: 0, stride: 0, width: 0, height: 0 };

export class Shader {
  private target = NOTHING;
  private depth = NOTHING;
  private texture = NOTHING;
  private bilinear = false;
  private readonly stage: VertexStage;
  private readonly planes: Planes;
  private readonly pixels = new Row();
  private mode: Mode = modes.FLAT;
  /** The triangle's colour in mode FLAT. */
  private color = 0;
  /** Whether texels are multiplied by colours, in modes NEAREST and BILINEAR. */
  private modulated = false;

  constructor(stage: VertexStage, planes: Planes) {
    this.stage = stage;
    this.planes = planes;
  }

  /** `filter` as `filters` has it. A texture without texels is none. */
  setTexture(texture: Surface | undefined, filter: number): void {
    this.texture = texture ?? NOTHING;
    this.bilinear = filter === filters.BILINEAR;
  }

  /** `flags` as `drawFlags` has it; without depths there is no test and nothing to write. */
  beginDraw(target: Surface, depth: Surface | undefined, flags: number): void {
    const { pixels } = this;
    this.target = target;
    this.depth = depth ?? NOTHING;
    pixels.pixels = this.target.words;
    pixels.depths = this.depth.words;
    pixels.test = depth !== undefined && (flags & drawFlags.DEPTH_TEST) !== 0;
    pixels.write = depth !== undefined && (flags & drawFlags.DEPTH_WRITE) !== 0;
  }

  /** Prepares for the triangle in slots `a`, `b`, `c`, for which the planes were begun. */
  begin(a: number, b: number, c: number): void {
    const { colors } = this.stage;
    const flat = colors[a] === colors[b] && colors[a] === colors[c];
    if (this.pixels.test || this.pixels.write) {
      this.planes.beScreen();
      this.planes.set(DEPTH, DEPTH);
    }
    if (this.texture.width > 0 && this.texture.height > 0) {
      this.beginTextured(!flat || colors[a] !== WHITE);
    } else if (flat) {
      this.mode = modes.FLAT;
      this.color = colors[a];
    } else {
      this.mode = modes.SMOOTH;
      this.planes.bePerspective();
      this.planes.set(R, A);
    }
  }

  private beginTextured(modulated: boolean): void {
    const { planes, texture } = this;
    const offset = this.bilinear ? BILINEAR_OFFSET : 0;
    this.mode = this.bilinear ? modes.BILINEAR : modes.NEAREST;
    this.modulated = modulated;
    planes.bePerspective();
    planes.set(U, V);
    if (modulated) {
      planes.set(R, A);
    }
    planes.adjust(U, REPETITION, (REPETITION / texture.width) * offset);
    planes.adjust(V, REPETITION, (REPETITION / texture.height) * offset);
  }

  /** Draws the pixels of row `y` from `from` to before `to`. */
  row(y: number, from: number, to: number): void {
    const { pixels, target, depth, planes } = this;
    pixels.at = target.base + y * target.stride + from;
    pixels.end = pixels.at + to - from;
    pixels.depthAt = depth.base + y * depth.stride + from;
    pixels.across = from * 256 + 128 - planes.originX;
    pixels.below = y * 256 + 128 - planes.originY;
    switch (this.mode) {
      case modes.FLAT:
        flatRow(pixels, planes, this.color);
        break;
      case modes.SMOOTH:
        smoothRow(pixels, planes);
        break;
      case modes.NEAREST:
        nearestRow(pixels, planes, this.texture, this.modulated);
        break;
      case modes.BILINEAR:
        bilinearRow(pixels, planes, this.texture, this.modulated);
        break;
    }
  }
}
