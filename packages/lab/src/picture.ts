/** Pictures in memory, and what a person is shown of them. */

/** Rows of R, G, B, A bytes, top row first, without gaps. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/**
 * Where two pictures differ: from red (by little) to yellow (by much), on a dim grey copy of
 * the first. What only one of them has differs most.
 */
export function diffPicture(a: Picture, b: Picture): Picture {
  const width = Math.max(a.width, b.width);
  const height = Math.max(a.height, b.height);
  const pixels = new Uint8Array(width * height * 4);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const delta = deltaAt(a, b, x, y);
      if (delta > 0) {
        pixels.set([255, Math.max(0, 2 * delta - 255), 0, 255], at);
      } else {
        const grey = greyAt(a, x, y) >> 2;
        pixels.set([grey, grey, grey, 255], at);
      }
    }
  }
  return { width, height, pixels };
}

/** The largest difference of a channel, 0 to 255. */
function deltaAt(a: Picture, b: Picture, x: number, y: number): number {
  if (x >= Math.min(a.width, b.width) || y >= Math.min(a.height, b.height)) {
    return 255;
  }
  const first = (y * a.width + x) * 4;
  const second = (y * b.width + x) * 4;
  let delta = 0;
  for (let channel = 0; channel < 4; channel++) {
    delta = Math.max(delta, Math.abs(a.pixels[first + channel] - b.pixels[second + channel]));
  }
  return delta;
}

function greyAt({ width, pixels }: Picture, x: number, y: number): number {
  const at = (y * width + x) * 4;
  return (pixels[at] * 2 + pixels[at + 1] * 5 + pixels[at + 2]) >> 3;
}

type Color = readonly [number, number, number];

/**
 * The picture as lines of text for a terminal with 24-bit colour, at most `columns` wide. Each
 * character is an upper half block, so that it shows two pixels. Alpha is ignored.
 */
export function halfBlocks(picture: Picture, columns: number): string[] {
  const across = Math.min(columns, picture.width);
  const lines = Math.max(1, Math.round((across * picture.height) / picture.width / 2));
  return Array.from({ length: lines }, (_, line) => {
    let text = '';
    let last = '';
    for (let x = 0; x < across; x++) {
      const upper = areaColor(picture, x, across, 2 * line, 2 * lines);
      const lower = areaColor(picture, x, across, 2 * line + 1, 2 * lines);
      const colors = `\x1b[38;2;${upper.join(';')};48;2;${lower.join(';')}m`;
      text += (colors === last ? '' : colors) + '▀';
      last = colors;
    }
    return `${text}\x1b[0m`;
  });
}

/** The mean colour of cell (x, y) when the picture is cut into `across` by `down` cells. */
function areaColor(picture: Picture, x: number, across: number, y: number, down: number): Color {
  const { width, height, pixels } = picture;
  const [left, right] = cell(x, across, width);
  const [top, bottom] = cell(y, down, height);
  const sum: [number, number, number] = [0, 0, 0];
  for (let row = top; row < bottom; row++) {
    for (let at = (row * width + left) * 4; at < (row * width + right) * 4; at += 4) {
      sum[0] += pixels[at];
      sum[1] += pixels[at + 1];
      sum[2] += pixels[at + 2];
    }
  }
  const count = (right - left) * (bottom - top);
  return [Math.round(sum[0] / count), Math.round(sum[1] / count), Math.round(sum[2] / count)];
}

/** The pixels of cell `index` of `count`, of `size` pixels: at least one. */
function cell(index: number, count: number, size: number): readonly [number, number] {
  const from = Math.floor((index * size) / count);
  return [from, Math.max(from + 1, Math.floor(((index + 1) * size) / count))];
}
