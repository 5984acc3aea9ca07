/**
 * The innermost loops of textured triangles: a row of pixels, from left to right (see row.ts).
 * Texture coordinates are in 2^-32 repetition and become integers of 32 bits: what overflows
 * is a whole number of repetitions, so repeating costs nothing, and no word outside of the
 * texture is ever read.
 */
import { mix, modulate } from './color.ts';
import type { Planes } from './plane.ts';
import type { Row } from './row.ts';
import type { Surface } from './surface.ts';
import { slotLayout } from './slot.ts';

const { DEPTH, U, V, Q, R, G, B, A } = slotLayout;

/** One repetition of the texture. */
export const REPETITION = 2 ** 32;

/**
 * What is added to coordinates for `bilinearRow`, in texels: the first texel's centre is at 0,
 * and 1/256 texel is rounded to the nearest.
 */
export const BILINEAR_OFFSET = -0.5 + 1 / 512;

/** The texel that a pixel's centre falls into, times the colour where `modulated`. */
export function nearestRow(row: Row, planes: Planes, texture: Surface, modulated: boolean): void {
  const { pixels, end, depths, test, write } = row;
  let { at, depthAt } = row;
  const across = row.across / 256;
  const below = row.below / 256;
  const { base, right: gain, down } = planes;
  const { words: texels, base: origin, stride } = texture;
  const columns = texture.width / REPETITION;
  const rows = texture.height / REPETITION;
  let z = base[DEPTH] + gain[DEPTH] * across + down[DEPTH] * below;
  let u = base[U] + gain[U] * across + down[U] * below;
  let v = base[V] + gain[V] * across + down[V] * below;
  let q = base[Q] + gain[Q] * across + down[Q] * below;
  let r = base[R] + gain[R] * across + down[R] * below;
  let g = base[G] + gain[G] * across + down[G] * below;
  let b = base[B] + gain[B] * across + down[B] * below;
  let a = base[A] + gain[A] * across + down[A] * below;
  const stepZ = gain[DEPTH];
  const stepU = gain[U];
  const stepV = gain[V];
  const stepQ = gain[Q];
  const stepR = gain[R];
  const stepG = gain[G];
  const stepB = gain[B];
  const stepA = gain[A];
  for (; at < end; at++) {
    const depth = z >>> 0;
    if (!test || depth < depths[depthAt]) {
      if (write) {
        depths[depthAt] = depth;
      }
      const w = 1 / q;
      const column = (((u * w) >>> 0) * columns) | 0;
      const line = (((v * w) >>> 0) * rows) | 0;
      const texel = texels[origin + Math.imul(line, stride) + column] | 0;
      pixels[at] = modulated
        ? modulate(texel, (r * w) | 0, (g * w) | 0, (b * w) | 0, (a * w) | 0)
        : texel;
    }
    depthAt++;
    z += stepZ;
    u += stepU;
    v += stepV;
    q += stepQ;
    r += stepR;
    g += stepG;
    b += stepB;
    a += stepA;
  }
}

/** The four texels around a pixel's centre mixed, times the colour where `modulated`. */
export function bilinearRow(row: Row, planes: Planes, texture: Surface, modulated: boolean): void {
  const { pixels, end, depths, test, write } = row;
  let { at, depthAt } = row;
  const across = row.across / 256;
  const below = row.below / 256;
  const { base, right: gain, down } = planes;
  const { words: texels, base: origin, stride, width, height } = texture;
  const columns = width * (256 / REPETITION);
  const rows = height * (256 / REPETITION);
  let z = base[DEPTH] + gain[DEPTH] * across + down[DEPTH] * below;
  let u = base[U] + gain[U] * across + down[U] * below;
  let v = base[V] + gain[V] * across + down[V] * below;
  let q = base[Q] + gain[Q] * across + down[Q] * below;
  let r = base[R] + gain[R] * across + down[R] * below;
  let g = base[G] + gain[G] * across + down[G] * below;
  let b = base[B] + gain[B] * across + down[B] * below;
  let a = base[A] + gain[A] * across + down[A] * below;
  const stepZ = gain[DEPTH];
  const stepU = gain[U];
  const stepV = gain[V];
  const stepQ = gain[Q];
  const stepR = gain[R];
  const stepG = gain[G];
  const stepB = gain[B];
  const stepA = gain[A];
  for (; at < end; at++) {
    const depth = z >>> 0;
    if (!test || depth < depths[depthAt]) {
      if (write) {
        depths[depthAt] = depth;
      }
      const w = 1 / q;
      const column = (((u * w) >>> 0) * columns) | 0;
      const line = (((v * w) >>> 0) * rows) | 0;
      const left = column >> 8;
      const right = left + 1 === width ? 0 : left + 1;
      const above = origin + Math.imul(line >> 8, stride);
      const below = (line >> 8) + 1 === height ? origin : above + stride;
      const texel = mix(
        mix(texels[above + left] | 0, texels[above + right] | 0, column & 255),
        mix(texels[below + left] | 0, texels[below + right] | 0, column & 255),
        line & 255,
      );
      pixels[at] = modulated
        ? modulate(texel, (r * w) | 0, (g * w) | 0, (b * w) | 0, (a * w) | 0)
        : texel;
    }
    depthAt++;
    z += stepZ;
    u += stepU;
    v += stepV;
    q += stepQ;
    r += stepR;
    g += stepG;
    b += stepB;
    a += stepA;
  }
}
