declare module 'bunny' {
  type Triple = [number, number, number];
  /** x, y, z of each vertex. */
  export const positions: Triple[];
  /** The vertices of each triangle. */
  export const cells: Triple[];
}
