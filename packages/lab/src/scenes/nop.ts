import { CommandEncoder } from '@doorbell/abi';
import type { Scene } from '../scene.ts';
import { fillOf, rgba } from './surface.ts';

/** Empty submissions per frame, each waited for. */
const SUBMISSIONS = 16;

export const nop: Scene = {
  name: 'nop',
  doc: 'Empty submissions, each waited for, over a picture that stays: what asking costs when nothing is asked.',

  async setup(gpu, { width, height }) {
    const image = await gpu.createImage(width, height);
    const slate = rgba(0x26, 0x32, 0x40);
    await gpu.submit(new CommandEncoder().fill(fillOf(image, slate)).finish());
    const nothing = new CommandEncoder().finish();
    return {
      async frame() {
        for (let i = 0; i < SUBMISSIONS; i++) {
          await gpu.wait(await gpu.submit(nothing));
        }
        await gpu.present(image);
      },
      close: () => gpu.destroy(image),
    };
  },
};
