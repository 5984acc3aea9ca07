import {
  CommandEncoder,
  type CommandArguments,
  type GpuBuffer,
  type GpuImage,
} from '@doorbell/abi';
import { Random } from '../random.ts';
import type { Scene } from '../scene.ts';
import { copyOf, fillOf, pixel, rgba, start, whole } from './surface.ts';
import { Swapchain } from './swapchain.ts';

/** New buffers per frame, and how many are left when a frame is over. */
const NEW = 32;
const KEPT = 24;
/** The sides of a buffer's tile, in pixels. */
const LEAST_SIDE = 4;
const MOST_SIDE = 40;

const GROUND = rgba(0x14, 0x18, 0x24);

/** A buffer's pixels, and where they go. */
interface Tile {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export const churn: Scene = {
  name: 'churn',
  doc: 'Many small buffers in system memory made, written, copied by the GPU and freed: what mapping costs.',

  async setup(gpu, { width, height, seed }) {
    const random = new Random(seed);
    const swapchain = await Swapchain.create(gpu, width, height);
    const canvas = await gpu.createImage(width, height);
    await gpu.submit(new CommandEncoder().fill(fillOf(canvas, GROUND)).finish());
    const buffers: GpuBuffer[] = [];
    return {
      async frame(index) {
        const target = await swapchain.next();
        const commands = new CommandEncoder();
        for (let i = 0; i < NEW; i++) {
          const tile = makeTile(random, canvas, index);
          const buffer = await gpu.createBuffer(tile.pixels.length, 'host');
          await gpu.write(buffer, 0, tile.pixels);
          commands.copy(toCanvas(canvas, buffer, tile));
          buffers.push(buffer);
        }
        commands.copy(copyOf(target, 0, 0, canvas, whole(canvas)));
        await swapchain.present(commands.finish());
        // In no order, so that what is free is scattered.
        while (buffers.length > KEPT) {
          const [buffer] = buffers.splice(random.below(buffers.length), 1);
          await gpu.destroy(buffer);
        }
      },
      async close() {
        for (const buffer of buffers.splice(0)) {
          await gpu.destroy(buffer);
        }
        await gpu.destroy(canvas);
        await swapchain.close();
      },
    };
  },
};

/** A tile in a shade of a hue that wanders with time, lighter at its top. */
function makeTile(random: Random, canvas: GpuImage, index: number): Tile {
  const side = (most: number): number =>
    Math.min(most, LEAST_SIDE + random.below(MOST_SIDE - LEAST_SIDE + 1));
  const width = side(canvas.width);
  const height = side(canvas.height);
  const wander = Math.abs(((index * 4) % 256) - 128);
  const color = [
    40 + random.below(80) + (wander >> 1),
    70 + random.below(120),
    150 + random.below(80),
  ];
  const pixels = new Uint8Array(width * height * 4);
  for (let at = 0; at < pixels.length; at += 4) {
    const light = 1.1 - (0.4 * at) / pixels.length;
    for (let channel = 0; channel < 3; channel++) {
      pixels[at + channel] = Math.min(255, Math.floor(color[channel] * light));
    }
    pixels[at + 3] = 255;
  }
  const x = random.below(canvas.width - width + 1);
  const y = random.below(canvas.height - height + 1);
  return { x, y, width, height, pixels };
}

function toCanvas(canvas: GpuImage, buffer: GpuBuffer, tile: Tile): CommandArguments<'copy'> {
  return {
    dst: pixel(canvas, tile.x, tile.y),
    dstStride: canvas.stride,
    src: start(buffer),
    srcStride: tile.width * 4,
    rowBytes: tile.width * 4,
    rows: tile.height,
  };
}
