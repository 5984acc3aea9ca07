/**
 * The copy engine's blit: one rectangle of pixels scaled onto another. The centre of pixel n
 * lies at n + ½ on both sides; beyond the source's edge its outermost pixels go on.
 */
import { blends, filters } from '@doorbell/abi';
import { mix, over } from './color.ts';
import type { Surface } from './surface.ts';

/**
 * For each of `to` pixels, the position among `from` pixels that its centre falls on, in 1/256
 * pixel from the first pixel's centre: ((n + ½) × from / to − ½) × 256 to the nearest, ties up.
 */
function bilinearPositions(to: number, from: number): Int32Array {
  const positions = new Int32Array(to);
  const last = (from - 1) * 256;
  for (let n = 0; n < to; n++) {
    const position = Math.floor(((2 * n + 1) * from * 256 + to) / (2 * to)) - 128;
    positions[n] = Math.max(0, Math.min(last, position));
  }
  return positions;
}

/** For each of `to` pixels, the one among `from` pixels that its centre falls into. */
function nearestPositions(to: number, from: number): Int32Array {
  const positions = new Int32Array(to);
  for (let n = 0; n < to; n++) {
    positions[n] = Math.floor(((2 * n + 1) * from) / (2 * to));
  }
  return positions;
}

function put(words: Uint32Array, at: number, pixel: number, blended: boolean): void {
  words[at] = blended ? over(pixel >>> 0, words[at]) : pixel;
}

function blitNearest(to: Surface, from: Surface, blended: boolean): void {
  const columns = nearestPositions(to.width, from.width);
  const rows = nearestPositions(to.height, from.height);
  for (let y = 0; y < to.height; y++) {
    const row = from.base + rows[y] * from.stride;
    const at = to.base + y * to.stride;
    for (let x = 0; x < to.width; x++) {
      put(to.words, at + x, from.words[row + columns[x]], blended);
    }
  }
}

function blitBilinear(to: Surface, from: Surface, blended: boolean): void {
  const columns = bilinearPositions(to.width, from.width);
  const rows = bilinearPositions(to.height, from.height);
  const { words } = from;
  for (let y = 0; y < to.height; y++) {
    const top = from.base + (rows[y] >> 8) * from.stride;
    const down = (rows[y] & 255) === 0 ? 0 : from.stride;
    const at = to.base + y * to.stride;
    for (let x = 0; x < to.width; x++) {
      const t = columns[x] & 255;
      const left = top + (columns[x] >> 8);
      const right = t === 0 ? left : left + 1;
      const above = mix(words[left], words[right], t);
      const below = mix(words[left + down], words[right + down], t);
      put(to.words, at + x, mix(above, below, rows[y] & 255), blended);
    }
  }
}

/**
 * Scales `from` onto `to`, a row at a time from the top, each pixel read when it is needed.
 * `filter` as `filters` has it, `blend` as `blends` has it.
 */
export function blit(to: Surface, from: Surface, filter: number, blend: number): void {
  if (from.width === 0 || from.height === 0) {
    return;
  }
  const blended = blend === blends.OVER;
  if (filter === filters.BILINEAR) {
    blitBilinear(to, from, blended);
  } else {
    blitNearest(to, from, blended);
  }
}
