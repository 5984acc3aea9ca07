/** Work that is heavy on DMA: the GPU reads one large buffer of system memory after another. */
import { CommandEncoder, type GpuBuffer } from '@doorbell/abi';
import type { Scene } from '../../scene.ts';
import { fillOf, rgba, start } from '../../scenes/surface.ts';
import type { Workload } from '../runs.ts';

/** In pages of 4 KiB one alone has twice the translations that the IOTLB holds by default. */
const BUFFER_BYTES = 512 << 10;
const BUFFERS = 4;
const ROW_BYTES = 4096;

const scene: Scene = {
  name: 'stream',
  doc: `${BUFFER_BYTES >> 10} KiB of system memory a frame, copied by the GPU, from ${BUFFERS} buffers in turn.`,

  async setup(gpu, { width, height }) {
    const picture = await gpu.createImage(width, height);
    const sink = await gpu.createBuffer(BUFFER_BYTES, 'device');
    const sources: GpuBuffer[] = [];
    for (let count = 0; count < BUFFERS; count++) {
      sources.push(await gpu.createBuffer(BUFFER_BYTES, 'host'));
    }
    await gpu.submit(new CommandEncoder().fill(fillOf(picture, rgba(0x26, 0x32, 0x40))).finish());
    return {
      async frame(index) {
        const commands = new CommandEncoder().copy({
          ...{ dst: start(sink), dstStride: ROW_BYTES },
          ...{ src: start(sources[index % BUFFERS]), srcStride: ROW_BYTES },
          ...{ rowBytes: ROW_BYTES, rows: BUFFER_BYTES / ROW_BYTES },
        });
        await gpu.wait(await gpu.submit(commands.finish()));
        await gpu.present(picture);
      },
      async close() {
        for (const resource of [...sources, sink, picture]) {
          await gpu.destroy(resource);
        }
      },
    };
  },
};

/** By frame 4 each buffer was read once. */
export const stream: Workload = {
  ...{ name: scene.name, scene, width: 64, height: 48, between: [4, 8] },
};
