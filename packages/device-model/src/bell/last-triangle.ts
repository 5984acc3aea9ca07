/**
 * A triangle drawn twice in a row: it takes as long, and stores what is there, so nothing is
 * stored. Work that is nothing but long is made of such triangles.
 */
import { type Rasterizer, ROW_PIXELS } from './raster.ts';
import type { VertexStage } from './vertex.ts';

export class LastTriangle {
  private readonly stage: VertexStage;
  private readonly raster: Rasterizer;
  /** Its slots, and the vertices transformed until then: one more may have replaced it. */
  private a = -1;
  private b = -1;
  private c = -1;
  private vertices = 0;
  /** Of the raster before it, and what it took. */
  private pixelsBefore = 0;
  private rowsBefore = 0;
  private pixels = 0;
  private rows = 0;

  constructor(stage: VertexStage, raster: Rasterizer) {
    this.stage = stage;
    this.raster = raster;
  }

  /** Nothing was drawn yet in this draw. */
  forget(): void {
    this.a = -1;
  }

  begin(a: number, b: number, c: number): void {
    this.a = a;
    this.b = b;
    this.c = c;
    this.vertices = this.stage.count;
    this.pixelsBefore = this.raster.pixels;
    this.rowsBefore = this.raster.rows;
  }

  end(): void {
    this.pixels = this.raster.pixels - this.pixelsBefore;
    this.rows = this.raster.rows - this.rowsBefore;
  }

  /** Counts it once more, if this is it and it ends within `most`, in the time of a pixel. */
  counts(a: number, b: number, c: number, most: number): boolean {
    const isSame =
      a === this.a && b === this.b && c === this.c && this.stage.count === this.vertices;
    if (!isSame || this.pixels + this.rows * ROW_PIXELS > most) {
      return false;
    }
    this.raster.pixels += this.pixels;
    this.raster.rows += this.rows;
    return true;
  }
}
