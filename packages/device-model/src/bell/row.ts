/**
 * The innermost loops: a row of a triangle's pixels, from left to right. Each pixel is tested
 * against its depth, and given its colour if it passes. There is one loop for each way to get
 * a colour, because what they share would cost more than the work. Textured rows are in
 * textured-row.ts.
 */
import type { Planes } from './plane.ts';
import { field } from './slot.ts';

/** Rows longer than this are filled at once where all that matters is the colour. */
const LONG = 64;

/** Where a row's pixels and depths lie, and where it is on the planes. */
export class Row {
  pixels: Uint32Array = new Uint32Array(0);
  /** Indices into `pixels`: the first, and the one behind the last. */
  at = 0;
  end = 0;
  depths: Uint32Array = new Uint32Array(0);
  depthAt = 0;
  /** Whether a pixel is drawn only where it is nearer than what is there. */
  test = false;
  /** Whether a drawn pixel's depth is stored. */
  write = false;
  /** From the planes' origin to the first pixel's centre, in 1/256 pixel. */
  across = 0;
  below = 0;
}

/** All pixels get one colour. */
export function flatRow(row: Row, planes: Planes, color: number): void {
  const { pixels, end, depths, test, write, across, below } = row;
  let { at, depthAt } = row;
  if (!test && !write && end - at > LONG) {
    pixels.fill(color, at, end);
    return;
  }
  const { base, right, down } = planes;
  let z = base[field.DEPTH] + right[field.DEPTH] * across + down[field.DEPTH] * below;
  const stepZ = right[field.DEPTH] * 256;
  for (; at < end; at++) {
    const depth = z >>> 0;
    if (!test || depth < depths[depthAt]) {
      if (write) {
        depths[depthAt] = depth;
      }
      pixels[at] = color;
    }
    depthAt++;
    z += stepZ;
  }
}

/** Colours vary. Their sums are truncated: planes R to A have a half in them. */
export function smoothRow(row: Row, planes: Planes): void {
  const { pixels, end, depths, test, write, across, below } = row;
  let { at, depthAt } = row;
  const { base, right, down } = planes;
  let z = base[field.DEPTH] + right[field.DEPTH] * across + down[field.DEPTH] * below;
  let q = base[field.Q] + right[field.Q] * across + down[field.Q] * below;
  let r = base[field.R] + right[field.R] * across + down[field.R] * below;
  let g = base[field.G] + right[field.G] * across + down[field.G] * below;
  let b = base[field.B] + right[field.B] * across + down[field.B] * below;
  let a = base[field.A] + right[field.A] * across + down[field.A] * below;
  const stepZ = right[field.DEPTH] * 256;
  const stepQ = right[field.Q] * 256;
  const stepR = right[field.R] * 256;
  const stepG = right[field.G] * 256;
  const stepB = right[field.B] * 256;
  const stepA = right[field.A] * 256;
  for (; at < end; at++) {
    const depth = z >>> 0;
    if (!test || depth < depths[depthAt]) {
      if (write) {
        depths[depthAt] = depth;
      }
      const w = 1 / q;
      pixels[at] = (r * w) | ((g * w) << 8) | ((b * w) << 16) | ((a * w) << 24);
    }
    depthAt++;
    z += stepZ;
    q += stepQ;
    r += stepR;
    g += stepG;
    b += stepB;
    a += stepA;
  }
}
