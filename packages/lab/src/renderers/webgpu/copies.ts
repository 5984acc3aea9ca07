/** The copy engine: each packet is one dispatch. */
import { extentOf, packetChecks, type Arguments as Fields } from '@doorbell/device-model';
import type { Batch } from './batch.ts';
import { overlap } from './range.ts';

/** @throws Fault, and so do the others */
export function fill(batch: Batch, memory: GPUBuffer, values: Fields<'fill'>): void {
  packetChecks.fill(values);
  const { dst, stride, width, height, value } = values;
  const words = width * height;
  if (words === 0) {
    return;
  }
  if (value === 0 && (height === 1 || stride === width * 4)) {
    batch.commands.clearBuffer(memory, dst, words * 4);
  } else {
    batch.run('fill', words, [dst, stride, width, height, value]);
  }
}

export function copy(batch: Batch, values: Fields<'copy'>): void {
  packetChecks.copy(values);
  const { dst, dstStride, src, srcStride, rowBytes, rows } = values;
  if (rowBytes === 0 || rows === 0) {
    return;
  }
  const to = { address: dst, bytes: extentOf('copy', 'dst', values) };
  const from = { address: src, bytes: extentOf('copy', 'src', values) };
  const words = [dst, dstStride, src, srcStride, rowBytes, rows, to.bytes];
  if (overlap(to, from)) {
    batch.run('copyInOrder', 1, words);
  } else {
    batch.run('copy', Math.ceil(((dst % 4) + to.bytes) / 4), words);
  }
}

export function blit(batch: Batch, values: Fields<'blit'>): void {
  packetChecks.blit(values);
  const { dst, dstStride, dstWidth, dstHeight, src, srcStride, srcWidth, srcHeight } = values;
  if (dstWidth * dstHeight === 0 || srcWidth * srcHeight === 0) {
    return;
  }
  const to = { address: dst, bytes: extentOf('blit', 'dst', values) };
  const from = { address: src, bytes: extentOf('blit', 'src', values) };
  const words = [
    ...[dst / 4, dstStride / 4, dstWidth, dstHeight],
    ...[src / 4, srcStride / 4, srcWidth, srcHeight],
    ...[values.filter, values.blend],
  ];
  if (overlap(to, from)) {
    batch.run('blitInOrder', 1, words);
  } else {
    batch.run('blit', dstWidth * dstHeight, words);
  }
}
