import {
  blends,
  type CommandArguments,
  CommandEncoder,
  filters,
  type Gpu,
  type GpuBuffer,
  type GpuImage,
} from '@doorbell/abi';
import { cos, sin, TAU } from '../math.ts';
import type { Picture } from '../picture.ts';
import { Random } from '../random.ts';
import { type Scene, WrongResult } from '../scene.ts';
import { emblem } from './emblem.ts';
import { blitOf, pixel, type Rect, start, upload, whole } from './surface.ts';
import { Swapchain } from './swapchain.ts';

const EMBLEM_SIZE = 96;
/** Frames until the picture is where it began. */
const PERIOD = 120;
/** The side of the square that is read back. */
const SAMPLE = 16;

const OPAQUE = { filter: filters.BILINEAR, blend: blends.NONE };
const BLOCKY = { filter: filters.NEAREST, blend: blends.OVER };
const SMOOTH = { filter: filters.BILINEAR, blend: blends.OVER };

export const image: Scene = {
  name: 'image',
  doc: 'A picture, or a PNG file of yours, scaled and blended over a background; a part is read back.',
  takes: ['texture'],

  async setup(gpu, context) {
    const { width, height, seed } = context;
    const picture = context.texture ?? emblem(EMBLEM_SIZE);
    const swapchain = await Swapchain.create(gpu, width, height);
    const ground = await upload(gpu, background(seed));
    const source = await upload(gpu, picture);
    const sample = await gpu.createBuffer(SAMPLE * SAMPLE * 4, 'host');
    return {
      async frame(index) {
        const target = await swapchain.next();
        const part = samplePart(picture, index);
        const commands = new CommandEncoder()
          .blit(blitOf(target, whole(target), ground, whole(ground), OPAQUE))
          .blit(blitOf(target, place(target, source, index, 0), source, whole(source), BLOCKY))
          .blit(blitOf(target, place(target, source, index, 1), source, whole(source), SMOOTH))
          .copy(toSample(sample, source, part));
        await swapchain.present(commands.finish());
        await checkSample(gpu, sample, picture, part);
      },
      async close() {
        await gpu.destroy(sample);
        await gpu.destroy(source);
        await gpu.destroy(ground);
        await swapchain.close();
      },
    };
  },
};

/** A few dark pixels, which scaling up makes a smooth ground. */
function background(seed: number): Picture {
  const random = new Random(seed);
  const [width, height] = [5, 4];
  const pixels = new Uint8Array(width * height * 4);
  for (let at = 0; at < pixels.length; at += 4) {
    pixels.set([14 + random.below(40), 30 + random.below(50), 60 + random.below(70), 255], at);
  }
  return { width, height, pixels };
}

/** Where one of the two copies is: they circle around each other, and grow and shrink in turn. */
function place(target: GpuImage, { width, height }: GpuImage, index: number, copy: 0 | 1): Rect {
  const angle = TAU * (index / PERIOD + copy / 2);
  const room = 0.62 + 0.14 * sin(2 * angle + copy);
  const scale = room * Math.min(target.width / width, target.height / height);
  const fit = (size: number, most: number): number =>
    Math.max(1, Math.min(most, Math.round(size * scale)));
  const across = fit(width, target.width);
  const down = fit(height, target.height);
  const x = Math.round((target.width - across) * (0.5 - 0.5 * cos(angle)));
  const y = Math.round((target.height - down) * (0.5 - 0.3 * sin(angle)));
  return { x, y, width: across, height: down };
}

/** A square of the picture, another one in each frame. */
function samplePart({ width, height }: Picture, index: number): Rect {
  const across = Math.min(SAMPLE, width);
  const down = Math.min(SAMPLE, height);
  return {
    x: (index * 7) % (width - across + 1),
    y: (index * 5) % (height - down + 1),
    width: across,
    height: down,
  };
}

function toSample(sample: GpuBuffer, source: GpuImage, part: Rect): CommandArguments<'copy'> {
  return {
    dst: start(sample),
    dstStride: part.width * 4,
    src: pixel(source, part.x, part.y),
    srcStride: source.stride,
    rowBytes: part.width * 4,
    rows: part.height,
  };
}

/** @throws WrongResult when the picture did not come back as it was sent. */
async function checkSample(
  gpu: Gpu,
  sample: GpuBuffer,
  picture: Picture,
  part: Rect,
): Promise<void> {
  const rowBytes = part.width * 4;
  const seen = new Uint8Array(rowBytes * part.height);
  await gpu.read(sample, 0, seen);
  for (let at = 0; at < seen.length; at++) {
    const row = part.y + Math.floor(at / rowBytes);
    const expected = picture.pixels[(row * picture.width + part.x) * 4 + (at % rowBytes)];
    if (seen[at] !== expected) {
      throw new WrongResult(
        `The GPU gave back ${seen[at]} where the picture has ${expected}: byte ${at} of ${part.width} × ${part.height} pixels at (${part.x}, ${part.y}).`,
      );
    }
  }
}
