/** Work that is heavy on the VRAM aperture: the CPU stores small pieces, and the GPU has little to do. */
import { CommandEncoder } from '@doorbell/abi';
import type { Scene } from '../../scene.ts';
import { start } from '../../scenes/surface.ts';
import { Swapchain } from '../../scenes/swapchain.ts';
import type { Workload } from '../runs.ts';

/** In a frame, and the bytes of each: small enough for a driver to store them by the CPU. */
const PIECES = 12;
const PIECE_BYTES = 1024;

const scene: Scene = {
  name: 'stores',
  doc: `${PIECES} pieces of ${PIECE_BYTES} bytes a frame, stored to memory of the GPU by the CPU, and copied to the screen.`,

  async setup(gpu, { width, height }) {
    const swapchain = await Swapchain.create(gpu, width, height);
    const bytes = PIECES * PIECE_BYTES;
    const buffers = [
      await gpu.createBuffer(bytes, 'device'),
      await gpu.createBuffer(bytes, 'device'),
    ];
    return {
      async frame(index) {
        const target = await swapchain.next();
        const buffer = buffers[index % buffers.length];
        const piece = new Uint8Array(PIECE_BYTES).fill(40 + index);
        for (let at = 0; at < bytes; at += PIECE_BYTES) {
          await gpu.write(buffer, at, piece);
        }
        const { stride } = target;
        const rows = Math.min(target.height, Math.floor(bytes / stride));
        const across = { dstStride: stride, srcStride: stride, rowBytes: target.width * 4 };
        const commands = new CommandEncoder();
        commands.copy({ dst: start(target), src: start(buffer), rows, ...across });
        await swapchain.present(commands.finish());
      },
      async close() {
        for (const buffer of buffers) {
          await gpu.destroy(buffer);
        }
        await swapchain.close();
      },
    };
  },
};

export const stores: Workload = {
  ...{ name: scene.name, scene, width: 64, height: 48, between: [2, 4] },
};
