/**
 * The innermost loops: a row of a triangle's pixels, from left to right. Each pixel is tested
 * against its depth, and given its colour if it passes. There is one loop for each way to get
 * a colour, because what they share would cost more than the work. Textured rows are in
 * textured-row.ts.
 */
import type { Planes } from './plane.ts';
import { slotLayout } from './slot.ts';

const { DEPTH, Q, R, G, B, A } = slotLayout;

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
  const { pixels, end, depths, test, write } = row;
  let { at, depthAt } = row;
  if (!test && !write && end - at > LONG) {
    pixels.fill(color, at, end);
    return;
  }
  const across = row.across / 256;
  const below = row.below / 256;
  const { base, right, down } = planes;
  let z = base[DEPTH] + right[DEPTH] * across + down[DEPTH] * below;
  const stepZ = right[DEPTH];
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
  const { pixels, end, depths, test, write } = row;
  let { at, depthAt } = row;
  const across = row.across / 256;
  const below = row.below / 256;
  const { base, right, down } = planes;
  let z = base[DEPTH] + right[DEPTH] * across + down[DEPTH] * below;
  let q = base[Q] + right[Q] * across + down[Q] * below;
  let r = base[R] + right[R] * across + down[R] * below;
  let g = base[G] + right[G] * across + down[G] * below;
  let b = base[B] + right[B] * across + down[B] * below;
  let a = base[A] + right[A] * across + down[A] * below;
  const stepZ = right[DEPTH];
  const stepQ = right[Q];
  const stepR = right[R];
  const stepG = right[G];
  const stepB = right[B];
  const stepA = right[A];
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
