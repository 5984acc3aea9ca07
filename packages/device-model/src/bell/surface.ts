/**
 * A rectangle of 32-bit words: pixels (R in bits 7:0, G 15:8, B 23:16, A 31:24), texels, or
 * depths (0 near, 0xffffff far). Whoever makes one has checked that it lies within `words`.
 */
export interface Surface {
  readonly words: Uint32Array;
  /** The first pixel: an index into `words`. */
  readonly base: number;
  /** Words from row to row. */
  readonly stride: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}
