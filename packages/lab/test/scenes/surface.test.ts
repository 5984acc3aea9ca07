import { describe, expect, it } from 'vitest';
import { blitOf, copyOf, fillOf, pixel, rgba, upload, whole } from '../../src/scenes/surface.ts';
import { RecordingGpu } from './recording-gpu.ts';

const image = { handle: 7, width: 10, height: 6, stride: 64 };
const other = { handle: 8, width: 4, height: 4, stride: 128 };

describe('rectangles of images', () => {
  it('begin at a pixel: rows are a stride apart, pixels four bytes', () => {
    expect(pixel(image, 3, 2)).toEqual({ handle: 7, offset: 140 });
    expect(whole(image)).toEqual({ x: 0, y: 0, width: 10, height: 6 });
  });

  it('are filled, copied and scaled', () => {
    expect(fillOf(image, 5)).toEqual({
      dst: { handle: 7, offset: 0 },
      stride: 64,
      width: 10,
      height: 6,
      value: 5,
    });
    expect(copyOf(image, 1, 1, other, { x: 2, y: 0, width: 2, height: 3 })).toEqual({
      dst: { handle: 7, offset: 68 },
      dstStride: 64,
      src: { handle: 8, offset: 8 },
      srcStride: 128,
      rowBytes: 8,
      rows: 3,
    });
    const onto = { x: 0, y: 1, width: 9, height: 5 };
    expect(blitOf(image, onto, other, whole(other), { filter: 1, blend: 0 })).toEqual({
      dst: { handle: 7, offset: 64 },
      dstStride: 64,
      dstWidth: 9,
      dstHeight: 5,
      src: { handle: 8, offset: 0 },
      srcStride: 128,
      srcWidth: 4,
      srcHeight: 4,
      filter: 1,
      blend: 0,
    });
  });
});

it('puts R in the low byte of a pixel’s word, A in the high one', () => {
  expect(rgba(1, 2, 3)).toBe(0xff030201);
  expect(rgba(1, 2, 3, 128)).toBe(0x80030201);
});

it('uploads a picture in one write, its rows where the image has them', async () => {
  const gpu = new RecordingGpu();
  const pixels = Uint8Array.from({ length: 3 * 2 * 4 }, (_, i) => i + 1);
  const uploaded = await upload(gpu, { width: 3, height: 2, pixels });
  const bytes = gpu.bytesOf(uploaded);
  expect([...bytes.subarray(0, 12)]).toEqual([...pixels.subarray(0, 12)]);
  expect([...bytes.subarray(uploaded.stride, uploaded.stride + 12)]).toEqual([
    ...pixels.subarray(12),
  ]);
});
