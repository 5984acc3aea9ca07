/** Ranges of bytes as boxes, which is what transfers move. */

/** An image's pixels: 4 bytes each, rows back to back. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Bytes from row to row: 4 times the width. */
  readonly stride: number;
}

/** In pixels of an image, or bytes of a buffer. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The same as bytes of the backing: a range without gaps. */
  readonly offset: number;
  readonly bytes: number;
  /** Bytes from row to row; 0 of a buffer. */
  readonly stride: number;
}

const PIXEL_BYTES = 4;

/** The fewest bytes that can be transferred and hold a range: whole pixels of an image. */
export function transferable(
  offset: number,
  bytes: number,
  picture: Picture | undefined,
): { readonly start: number; readonly end: number } {
  const unit = picture === undefined ? 1 : PIXEL_BYTES;
  const start = offset - (offset % unit);
  return { start, end: Math.ceil((offset + bytes) / unit) * unit };
}

/**
 * The boxes of a range, of whole pixels, which is not empty. Of a buffer: one. Of an image: the rest of the first
 * row, whole rows, the beginning of the last one.
 */
export function boxesOf(start: number, end: number, picture: Picture | undefined): Box[] {
  if (picture === undefined) {
    const bytes = end - start;
    return [{ x: start, y: 0, width: bytes, height: 1, offset: start, bytes, stride: 0 }];
  }
  const boxes: Box[] = [];
  for (let at = start; at < end;) {
    const box = boxAt(at, end, picture);
    boxes.push(box);
    at += box.bytes;
  }
  return boxes;
}

/** The largest box that begins at `at` and has nothing behind `end`. */
function boxAt(at: number, end: number, { stride }: Picture): Box {
  const column = at % stride;
  const y = (at - column) / stride;
  const rows = column === 0 ? Math.floor((end - at) / stride) : 0;
  const bytes = rows > 0 ? rows * stride : Math.min(stride - column, end - at);
  const width = Math.min(bytes, stride) / PIXEL_BYTES;
  const x = column / PIXEL_BYTES;
  return { x, y, width, height: Math.max(rows, 1), offset: at, bytes, stride };
}
