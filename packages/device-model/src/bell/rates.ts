/** How fast the engines are, in nanoseconds. A caller takes them from a cost profile. */
export interface EngineRates {
  /** Fetching and decoding a packet. */
  readonly packet: number;
  readonly fillByte: number;
  readonly copyByte: number;
  /** A pixel scaled and blended. */
  readonly blitPixel: number;
  /** A vertex transformed and lit. */
  readonly vertex: number;
  /** A triangle set up. */
  readonly triangle: number;
  /** A pixel tested or drawn. */
  readonly pixel: number;
  /** A walk of the page tables. */
  readonly tlbMiss: number;
}
