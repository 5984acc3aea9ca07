/** From model space to homogeneous screen coordinates (slot.ts): transform and viewport in one matrix. */

/**
 * @param rows  receives four rows of four numbers: for X, Y, Z and W.
 * @param matrix  model to clip space, column by column.
 * @param viewport  x, y, width and height, in pixels.
 */
export function screenRows(
  rows: Float64Array,
  matrix: ArrayLike<number>,
  viewport: ArrayLike<number>,
): void {
  const halfWidth = viewport[2] / 2;
  const halfHeight = viewport[3] / 2;
  const centreX = viewport[0] + halfWidth;
  const centreY = viewport[1] + halfHeight;
  for (let column = 0; column < 4; column++) {
    const at = column * 4;
    rows[column] = halfWidth * matrix[at] + centreX * matrix[at + 3];
    rows[4 + column] = halfHeight * matrix[at + 1] + centreY * matrix[at + 3];
    rows[8 + column] = matrix[at + 2];
    rows[12 + column] = matrix[at + 3];
  }
}
