import { CommandEncoder } from '@doorbell/abi';
import { multiply, rotationZ, scaling, TAU } from '../math.ts';
import { packVertices } from '../mesh.ts';
import { Random } from '../random.ts';
import type { Scene } from '../scene.ts';
import { fillOf, rgba, start } from './surface.ts';
import { Swapchain } from './swapchain.ts';
import { setTarget, setTexture } from './target.ts';

/** Frames of a whole turn. */
const PERIOD = 120;
const BACKGROUND = rgba(0x12, 0x16, 0x1f);
/** No light and full ambient: colours are shown as they are. */
const UNLIT = [0, 0, 0, 1];

/** Corners on a circle of 0.9, counter-clockwise; red, green, blue. */
const vertices = packVertices({
  positions: Float32Array.of(0, 0.9, 0.5, -0.78, -0.45, 0.5, 0.78, -0.45, 0.5),
  colors: Uint8Array.of(0xff, 0x3b, 0x30, 255, 0x34, 0xc7, 0x59, 255, 0x0a, 0x84, 0xff, 255),
  indices: new Uint32Array(0),
});
const indices = new Uint8Array(Uint32Array.of(0, 1, 2).buffer);

export const triangle: Scene = {
  name: 'triangle',
  doc: 'One triangle with a colour at each corner, turning.',

  async setup(gpu, { width, height, seed }) {
    const swapchain = await Swapchain.create(gpu, width, height);
    const mesh = await gpu.createBuffer(vertices.length + indices.length, 'device');
    await gpu.write(mesh, 0, vertices);
    await gpu.write(mesh, vertices.length, indices);
    const first = TAU * new Random(seed).unit();
    const side = Math.min(width, height);
    // A square in the middle of the window; y points down on the screen.
    const square = scaling([side / width, -side / height, 1]);
    return {
      async frame(index) {
        const image = await swapchain.next();
        const matrix = multiply(square, rotationZ(first + (TAU * index) / PERIOD));
        const commands = new CommandEncoder().fill(fillOf(image, BACKGROUND));
        setTarget(commands, image);
        setTexture(commands, undefined);
        commands.setTransform(matrix, UNLIT).draw({
          vertices: start(mesh),
          vertexCount: 3,
          indices: { handle: mesh.handle, offset: vertices.length },
          indexCount: 3,
          flags: 0,
        });
        await swapchain.present(commands.finish());
      },
      async close() {
        await gpu.destroy(mesh);
        await swapchain.close();
      },
    };
  },
};
