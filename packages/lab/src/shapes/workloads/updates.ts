/** Work that is bound by interrupts, more or less: how much the CPU does from one to the next is chosen. */
import { CommandEncoder } from '@doorbell/abi';
import type { Scene } from '../../scene.ts';
import { fillOf, rgba } from '../../scenes/surface.ts';
import type { Workload } from '../runs.ts';

/** Empty submissions in a frame, each waited for. */
const SUBMISSIONS = 16;
/** Few enough for a driver to store them by the CPU. */
export const UPDATE_BYTES = 64;

function sceneOf(updates: number): Scene {
  return {
    name: `updates ${updates}`,
    doc: `${SUBMISSIONS} empty submissions a frame, each waited for, and before each of them ${updates} times ${UPDATE_BYTES} bytes stored to memory of the GPU by the CPU.`,

    async setup(gpu, { width, height }) {
      const picture = await gpu.createImage(width, height);
      const buffer = await gpu.createBuffer(UPDATE_BYTES, 'device');
      const bytes = new Uint8Array(UPDATE_BYTES).fill(1);
      await gpu.submit(new CommandEncoder().fill(fillOf(picture, rgba(0x26, 0x32, 0x40))).finish());
      const nothing = new CommandEncoder().finish();
      return {
        async frame() {
          for (let i = 0; i < SUBMISSIONS; i++) {
            for (let update = 0; update < updates; update++) {
              await gpu.write(buffer, 0, bytes);
            }
            await gpu.wait(await gpu.submit(nothing));
          }
          await gpu.present(picture);
        },
        async close() {
          await gpu.destroy(buffer);
          await gpu.destroy(picture);
        },
      };
    },
  };
}

/** @param updates  of `UPDATE_BYTES` each, for each interrupt */
export function waitedUpdates(updates: number): Workload {
  const scene = sceneOf(updates);
  return { ...{ name: scene.name, scene }, ...{ width: 64, height: 48, between: [2, 4] } };
}
