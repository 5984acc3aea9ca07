import { CommandEncoder } from '@doorbell/abi';
import { cos, TAU } from '../math.ts';
import { Random } from '../random.ts';
import type { Scene } from '../scene.ts';
import { fillOf, rgba } from './surface.ts';
import { Swapchain } from './swapchain.ts';

/** Frames until a colour comes back. */
const PERIOD = 60;

/** A colour of the rainbow; `phase` 0 to 1 goes once around it. */
function rainbow(phase: number): number {
  const channel = (third: number): number =>
    Math.round(127.5 + 127.5 * cos(TAU * (phase - third / 3)));
  return rgba(channel(0), channel(1), channel(2));
}

export const clear: Scene = {
  name: 'clear',
  doc: 'One colour, another one in each frame: the least that a frame can be.',

  async setup(gpu, { width, height, seed }) {
    const swapchain = await Swapchain.create(gpu, width, height);
    const first = new Random(seed).unit();
    return {
      async frame(index) {
        const image = await swapchain.next();
        const color = rainbow(first + index / PERIOD);
        await swapchain.present(new CommandEncoder().fill(fillOf(image, color)).finish());
      },
      close: () => swapchain.close(),
    };
  },
};
