/** What the engines refuse of a packet before they look at memory. */
import {
  blends,
  drawFlags,
  filters,
  MAX_COPY_BYTES,
  MAX_INDICES,
  MAX_ROWS,
  MAX_SURFACE,
} from '@doorbell/abi';
import { check } from './fault.ts';
import type { Arguments } from './packet.ts';

/** Bytes from row to row of the widest surface. */
const MAX_STRIDE = MAX_SURFACE * 4;
const ALL_FLAGS = drawFlags.CULL_BACK | drawFlags.DEPTH_TEST | drawFlags.DEPTH_WRITE;

/** @throws Fault BAD_ARGUMENT when rows of `rowBytes` bytes overlap. */
function checkStride(stride: number, rowBytes: number, rows: number): void {
  check(rows <= 1 || stride >= rowBytes, stride);
}

/** @throws Fault BAD_ARGUMENT unless an engine can work on pixels or depths there. */
function checkSurface(address: number, stride: number, width: number, height: number): void {
  check(address % 4 === 0, address);
  check(stride % 4 === 0 && stride <= MAX_STRIDE, stride);
  check(width <= MAX_SURFACE, width);
  check(height <= MAX_SURFACE, height);
  checkStride(stride, width * 4, height);
}

/** By packet; each throws Fault BAD_ARGUMENT. */
export const packetChecks = {
  fill: ({ dst, stride, width, height }: Arguments<'fill'>): void => {
    check(dst % 4 === 0, dst);
    check(stride % 4 === 0, stride);
    check(height <= MAX_ROWS, height);
    check(width * 4 * height <= MAX_COPY_BYTES, width);
    checkStride(stride, width * 4, height);
  },
  copy: ({ dstStride, srcStride, rowBytes, rows }: Arguments<'copy'>): void => {
    check(rows <= MAX_ROWS, rows);
    check(rowBytes * rows <= MAX_COPY_BYTES, rowBytes);
    checkStride(dstStride, rowBytes, rows);
    checkStride(srcStride, rowBytes, rows);
  },
  blit: (values: Arguments<'blit'>): void => {
    checkSurface(values.dst, values.dstStride, values.dstWidth, values.dstHeight);
    checkSurface(values.src, values.srcStride, values.srcWidth, values.srcHeight);
    check(values.filter <= filters.BILINEAR, values.filter);
    check(values.blend <= blends.OVER, values.blend);
  },
  setTarget: (values: Arguments<'setTarget'>): void => {
    const { color, colorStride, depth, depthStride, width, height } = values;
    checkSurface(color, colorStride, width, height);
    if (depth !== 0) {
      checkSurface(depth, depthStride, width, height);
    }
  },
  setTexture: ({ texels, stride, width, height, filter }: Arguments<'setTexture'>): void => {
    if (texels !== 0) {
      checkSurface(texels, stride, width, height);
      check(width > 0, width);
      check(height > 0, height);
    }
    check(filter <= filters.BILINEAR, filter);
  },
  draw: ({ vertices, vertexCount, indices, indexCount, flags }: Arguments<'draw'>): void => {
    check(vertices % 4 === 0, vertices);
    check(vertexCount <= MAX_INDICES, vertexCount);
    check(indices % 4 === 0, indices);
    check(indexCount <= MAX_INDICES, indexCount);
    check(flags <= ALL_FLAGS, flags);
  },
} as const;
