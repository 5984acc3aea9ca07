/** What fills, copies and blits draw. */
import { blends, CommandEncoder, filters } from '@doorbell/abi';
import { type Program, SIDE, OPAQUE, pixel, pattern, colorsOf, run } from './program.ts';

export const copyPrograms: readonly Program[] = [
  {
    id: 'fill/rectangle',
    title: 'A fill writes its rectangle, and nothing around it.',
    commands: ['fill'],
    draw: async (gpu) => {
      const image = await pattern(gpu);
      const fill = { dst: pixel(image, 3, 2), stride: image.stride, width: 7, height: 5 };
      return run(gpu, image, new CommandEncoder().fill({ ...fill, value: 0x8040_2010 }));
    },
  },
  {
    id: 'fill/stride',
    title: 'A fill goes from row to row by its own stride, which need not be the image’s.',
    commands: ['fill'],
    draw: async (gpu) => {
      const image = await pattern(gpu);
      const fill = { dst: pixel(image, 1, 0), stride: image.stride * 3, width: 4, height: 5 };
      return run(gpu, image, new CommandEncoder().fill({ ...fill, value: OPAQUE }));
    },
  },
  {
    id: 'fill/nothing',
    title: 'A fill of no rows, or of no words, writes nothing.',
    commands: ['fill'],
    draw: async (gpu) => {
      const image = await pattern(gpu);
      const fill = { dst: pixel(image, 0, 0), stride: image.stride, value: OPAQUE };
      const commands = new CommandEncoder()
        .fill({ ...fill, width: 0, height: 9 })
        .fill({ ...fill, width: 9, height: 0 });
      return run(gpu, image, commands);
    },
  },
  {
    id: 'fill/in-order',
    title: 'Commands of one submission happen in their order.',
    commands: ['fill'],
    draw: async (gpu) => {
      const image = await pattern(gpu);
      const fill = { dst: pixel(image, 2, 2), stride: image.stride, height: 8 };
      const commands = new CommandEncoder()
        .fill({ ...fill, width: 8, value: 0xff00_00ff })
        .fill({ ...fill, width: 4, value: 0xff00_ff00 });
      return run(gpu, image, commands);
    },
  },
  {
    id: 'copy/rectangle',
    title: 'A copy takes rows of bytes from one image to another.',
    commands: ['copy'],
    draw: async (gpu) => {
      const from = await pattern(gpu);
      const image = await gpu.createImage(SIDE, SIDE);
      const commands = new CommandEncoder().copy({
        ...{ dst: pixel(image, 5, 4), dstStride: image.stride },
        ...{ src: pixel(from, 1, 2), srcStride: from.stride, rowBytes: 4 * 6 + 2, rows: 7 },
      });
      return run(gpu, image, commands);
    },
  },
  {
    id: 'copy/overlap',
    title: 'Within a row a copy is as if through a buffer, and rows follow each other.',
    commands: ['copy'],
    draw: async (gpu) => {
      const image = await pattern(gpu);
      const { stride } = image;
      const commands = new CommandEncoder()
        .copy({
          ...{ dst: pixel(image, 3, 1), dstStride: stride },
          ...{ src: pixel(image, 1, 1), srcStride: stride, rowBytes: 32, rows: 1 },
        })
        .copy({
          ...{ dst: pixel(image, 0, 6), dstStride: stride },
          ...{ src: pixel(image, 0, 5), srcStride: stride, rowBytes: 24, rows: 5 },
        });
      return run(gpu, image, commands);
    },
  },
  ...(['NEAREST', 'BILINEAR'] as const).flatMap((filter) =>
    (['NONE', 'OVER'] as const).map((blend): Program => ({
      id: `blit/${filter.toLowerCase()}-${blend.toLowerCase()}`,
      title: `A blit scales, ${filter === 'NEAREST' ? 'taking the nearest pixel' : 'mixing four pixels'}, and ${blend === 'NONE' ? 'replaces' : 'blends over'} what was there.`,
      commands: ['blit'],
      draw: async (gpu) => {
        const from = await pattern(gpu);
        const image = await pattern(gpu, 32);
        const commands = new CommandEncoder().blit({
          ...{ dst: pixel(image, 2, 3), dstStride: image.stride, dstWidth: 27, dstHeight: 21 },
          ...{ src: pixel(from, 1, 1), srcStride: from.stride, srcWidth: 11, srcHeight: 13 },
          ...{ filter: filters[filter], blend: blends[blend] },
        });
        return run(gpu, image, commands);
      },
    })),
  ),
  {
    id: 'blit/over-clear',
    title: 'What is wholly transparent leaves what is there, also where that is transparent too.',
    commands: ['blit'],
    draw: async (gpu) => {
      const [from, image] = [await colorsOf(gpu, 0xff_a050), await colorsOf(gpu, 0x40_8020)];
      const commands = new CommandEncoder().blit({
        ...{ dst: pixel(image, 0, 0), dstStride: image.stride, dstWidth: 4, dstHeight: 4 },
        ...{ src: pixel(from, 0, 0), srcStride: from.stride, srcWidth: 4, srcHeight: 4 },
        ...{ filter: filters.NEAREST, blend: blends.OVER },
      });
      return run(gpu, image, commands);
    },
  },
];
