/** How a socket's accesses, of any size at any offset, become accesses that a function knows. */
import type { AccessWidth } from '@doorbell/abi';

/** The widest access at `offset` that is aligned and has no more than `left` bytes. */
function widthAt(offset: number, left: number): AccessWidth {
  if (offset % 4 === 0 && left >= 4) {
    return 4;
  }
  return offset % 2 === 0 && left >= 2 ? 2 : 1;
}

/** Calls `read` for each part of a range, and puts what it gives into `into`. */
export function readParts(
  offset: number,
  into: Uint8Array,
  read: (offset: number, width: AccessWidth) => number,
): void {
  for (let at = 0; at < into.length;) {
    const width = widthAt(offset + at, into.length - at);
    const value = read(offset + at, width);
    for (let byte = 0; byte < width; byte++) {
      into[at + byte] = value >>> (8 * byte);
    }
    at += width;
  }
}

/** Calls `write` for each part of a range, with what `from` has for it. */
export function writeParts(
  offset: number,
  from: Uint8Array,
  write: (offset: number, width: AccessWidth, value: number) => void,
): void {
  for (let at = 0; at < from.length;) {
    const width = widthAt(offset + at, from.length - at);
    let value = 0;
    for (let byte = 0; byte < width; byte++) {
      value |= from[at + byte] << (8 * byte);
    }
    write(offset + at, width, value >>> 0);
    at += width;
  }
}
