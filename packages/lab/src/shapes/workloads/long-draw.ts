/** Work that is long: a draw that keeps the GPU for milliseconds. */
import { CommandEncoder } from '@doorbell/abi';
import { identity } from '../../math.ts';
import { packVertices } from '../../mesh.ts';
import type { Scene } from '../../scene.ts';
import { copyOf, start, whole } from '../../scenes/surface.ts';
import { Swapchain } from '../../scenes/swapchain.ts';
import { setTarget, setTexture } from '../../scenes/target.ts';
import type { Workload } from '../runs.ts';

/** Of the square that is drawn on, in pixels. */
const SIDE = 1024;
/** How often it is drawn all over by one draw. */
const LAYERS = 20;

/** One that covers the square. */
const vertices = packVertices({
  positions: Float32Array.of(-1, -1, 0.5, 3, -1, 0.5, -1, 3, 0.5),
  colors: Uint8Array.of(0xff, 0x3b, 0x30, 255, 0x34, 0xc7, 0x59, 255, 0x0a, 0x84, 0xff, 255),
  indices: new Uint32Array(0),
});
const indices = Uint32Array.from({ length: 3 * LAYERS }, (_, at) => at % 3);

const scene: Scene = {
  name: 'long-draw',
  doc: `One draw a frame, of ${LAYERS} layers of ${SIDE}x${SIDE} pixels, a corner of which is shown.`,

  async setup(gpu, { width, height }) {
    const swapchain = await Swapchain.create(gpu, width, height);
    const canvas = await gpu.createImage(SIDE, SIDE);
    const mesh = await gpu.createBuffer(vertices.length + indices.byteLength, 'device');
    await gpu.write(mesh, 0, vertices);
    await gpu.write(mesh, vertices.length, new Uint8Array(indices.buffer));
    return {
      async frame() {
        const target = await swapchain.next();
        const commands = new CommandEncoder();
        setTarget(commands, canvas);
        setTexture(commands, undefined);
        commands.setTransform(identity, [0, 0, 0, 1]).draw({
          vertices: start(mesh),
          vertexCount: 3,
          indices: { handle: mesh.handle, offset: vertices.length },
          indexCount: indices.length,
          flags: 0,
        });
        commands.copy(copyOf(target, 0, 0, canvas, whole(target)));
        await swapchain.present(commands.finish());
      },
      async close() {
        await gpu.destroy(mesh);
        await gpu.destroy(canvas);
        await swapchain.close();
      },
    };
  },
};

export const longDraw: Workload = {
  ...{ name: scene.name, scene, width: 64, height: 48, between: [1, 2] },
};
