/**
 * A scene with a pool between it and its driver: buffers in system memory that it frees are kept,
 * and given to it again. It asks for the same and draws the same, and once the pool is full the
 * GPU's page tables stay as they are.
 */
import type { Gpu, GpuBuffer } from '@doorbell/abi';
import type { Scene } from '../../scene.ts';

/** A buffer is given again when so many were freed after it: by then the GPU has done with it. */
const APART = 64;

/** @param bytes  the most that the scene asks for; every buffer of the pool is as large */
export function pooled(scene: Scene, bytes: number): Scene {
  return {
    ...scene,
    name: `${scene.name}, pooled`,
    async setup(gpu, context) {
      const pool: GpuBuffer[] = [];
      const ours = new Set<number>();
      const between: Gpu = {
        features: gpu.features,
        async createBuffer(size, placement) {
          if (placement !== 'host') {
            return gpu.createBuffer(size, placement);
          }
          const again = pool.length > APART ? pool.shift() : undefined;
          const buffer = again ?? (await gpu.createBuffer(bytes, placement));
          ours.add(buffer.handle);
          return buffer;
        },
        async destroy(resource) {
          if (ours.has(resource.handle)) {
            pool.push(resource as GpuBuffer);
          } else {
            await gpu.destroy(resource);
          }
        },
        createImage: (width, height) => gpu.createImage(width, height),
        write: (resource, offset, data) => gpu.write(resource, offset, data),
        read: (resource, offset, into) => gpu.read(resource, offset, into),
        submit: (commands) => gpu.submit(commands),
        wait: (fence) => gpu.wait(fence),
        present: (image) => gpu.present(image),
        close: () => gpu.close(),
      };
      const run = await scene.setup(between, context);
      return {
        frame: (index) => run.frame(index),
        async close() {
          await run.close();
          for (const buffer of pool) {
            await gpu.destroy(buffer);
          }
        },
      };
    },
  };
}
