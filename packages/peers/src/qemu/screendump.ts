/**
 * QEMU's screendumps: binary PPM, three bytes a pixel. A row is written as QEMU's drawing library
 * holds it, so it may be padded, unlike in the format's description (ppm(5)).
 */
import type { Picture } from '@doorbell/guest-driver';

/** @throws RangeError when it is none. */
export function decodePpm(file: Uint8Array): Picture {
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(
    Buffer.from(file.subarray(0, 64)).toString('latin1'),
  );
  if (header === null) {
    throw new RangeError('This is no PPM with three bytes a pixel.');
  }
  const [whole, width, height] = [header[0], Number(header[1]), Number(header[2])];
  const rowBytes = Math.floor((file.length - whole.length) / height);
  if (!(rowBytes >= width * 3)) {
    throw new RangeError(`A PPM of ${width}x${height} pixels has too few bytes.`);
  }
  const pixels = new Uint8Array(width * height * 4);
  for (let y = 0, at = 0; y < height; y++) {
    let from = whole.length + y * rowBytes;
    for (let x = 0; x < width; x++, at += 4, from += 3) {
      pixels[at] = file[from];
      pixels[at + 1] = file[from + 1];
      pixels[at + 2] = file[from + 2];
      pixels[at + 3] = 255;
    }
  }
  return { width, height, pixels };
}
