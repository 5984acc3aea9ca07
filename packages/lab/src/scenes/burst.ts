import { CommandEncoder, type Gpu, type GpuBuffer, type GpuImage } from '@doorbell/abi';
import { type Matrix, multiply, rotationZ, scaling, TAU, translation } from '../math.ts';
import { packVertices } from '../mesh.ts';
import { Random } from '../random.ts';
import type { Scene } from '../scene.ts';
import { fillOf, rgba, start } from './surface.ts';
import { Swapchain } from './swapchain.ts';
import { setTarget, setTexture } from './target.ts';

/** Triangles along each side of the window. */
const SIDE = 8;
/** Draws in a frame. */
export const BURST_DRAWS = SIDE * SIDE;
/** Frames of a whole turn. */
const PERIOD = 60;

const BACKGROUND = rgba(0x10, 0x14, 0x1c);
/** No light and full ambient: colours are shown as they are. */
const UNLIT = [0, 0, 0, 1];

const vertices = packVertices({
  positions: Float32Array.of(0, 0.9, 0.5, -0.78, -0.45, 0.5, 0.78, -0.45, 0.5),
  colors: Uint8Array.of(0xff, 0xcc, 0x00, 255, 0xff, 0x37, 0x5f, 255, 0x5e, 0x5c, 0xe6, 255),
  indices: new Uint32Array(0),
});
const indices = new Uint8Array(Uint32Array.of(0, 1, 2).buffer);

/**
 * A frame in several submissions.
 * @param perSubmission  draws in each, a divisor of `BURST_DRAWS`
 * @param waits  for each submission before the next is made, or for none: then the picture alone
 * is waited for, where it is shown
 */
export function burstOf(perSubmission: number, waits: 'each' | 'none' = 'none'): Scene {
  return {
    name: 'burst',
    doc: `${BURST_DRAWS} small draws in each frame, ${perSubmission} in a submission: what asking costs when nobody waits for an answer.`,

    async setup(gpu, { width, height, seed }) {
      const swapchain = await Swapchain.create(gpu, width, height);
      const mesh = await uploadTriangle(gpu);
      const first = TAU * new Random(seed).unit();
      return {
        async frame(index) {
          const image = await swapchain.next();
          const turn = rotationZ(first + (TAU * index) / PERIOD);
          let fence = 0;
          for (let draw = 0; draw < BURST_DRAWS; draw += perSubmission) {
            const commands = begin(image, draw === 0);
            for (let i = draw; i < draw + perSubmission; i++) {
              drawTriangle(commands, mesh, multiply(cell(i), turn));
            }
            fence = await gpu.submit(commands.finish());
            if (waits === 'each') {
              await gpu.wait(fence);
            }
          }
          await swapchain.show(fence);
        },
        async close() {
          await gpu.destroy(mesh);
          await swapchain.close();
        },
      };
    },
  };
}

export const burst = burstOf(4);

async function uploadTriangle(gpu: Gpu): Promise<GpuBuffer> {
  const mesh = await gpu.createBuffer(vertices.length + indices.length, 'device');
  await gpu.write(mesh, 0, vertices);
  await gpu.write(mesh, vertices.length, indices);
  return mesh;
}

/** What a submission sets before it draws: nothing is left of the one before. */
function begin(image: GpuImage, clears: boolean): CommandEncoder {
  const commands = new CommandEncoder();
  if (clears) {
    commands.fill(fillOf(image, BACKGROUND));
  }
  setTarget(commands, image);
  setTexture(commands, undefined);
  return commands;
}

function drawTriangle(commands: CommandEncoder, mesh: GpuBuffer, matrix: Matrix): void {
  commands.setTransform(matrix, UNLIT).draw({
    vertices: start(mesh),
    vertexCount: 3,
    indices: { handle: mesh.handle, offset: vertices.length },
    indexCount: 3,
    flags: 0,
  });
}

/** From the unit square to a cell of the grid, row by row; y points down on the screen. */
function cell(draw: number): Matrix {
  const [column, row] = [draw % SIDE, Math.floor(draw / SIDE)];
  const centre = (at: number): number => (2 * at + 1) / SIDE - 1;
  return multiply(translation([centre(column), centre(row), 0]), scaling([1 / SIDE, -1 / SIDE, 1]));
}
