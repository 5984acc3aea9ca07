import { CommandEncoder, type Fence, type Gpu } from '@doorbell/abi';
import { cos, identity, sqrt, TAU } from '../math.ts';
import { packVertices, type RawMesh } from '../mesh.ts';
import { Random } from '../random.ts';
import type { Scene, SceneContext, SceneRun } from '../scene.ts';
import { fillOf, rgba, start } from './surface.ts';
import { Swapchain } from './swapchain.ts';
import { setTarget, setTexture } from './target.ts';

/** Submissions per frame, none of which is waited for before the frame's end. */
const SUBMISSIONS = 4;
/**
 * Pixels of a submission's one draw, about: 2 to 3 ms in hardware (`engine.pixel` of the profiles).
 * The same in software takes forty times as long, half of what bell's watchdog allows; and no image
 * has more pixels than this.
 */
const DRAW_PIXELS = 24 << 20;
/** Rectangles, one on top of the other: more would be more triangles than pixels in a small window. */
const MOST_LAYERS = 1024;
/** Bands of a rectangle, two triangles each: the draw has many triangles behind which it can be stopped. */
const BANDS = 8;
/** The innermost rectangle's side, as a part of the outermost one's; and so the mean of their areas. */
const INNERMOST = 0.4;
const MEAN_AREA = (1 + INNERMOST + INNERMOST * INNERMOST) / 3;
/** Frames in which it glows up once. */
const PERIOD = 40;
const BACKGROUND = rgba(0x10, 0x0c, 0x14);

/** @param drawPixels  of a submission's one draw, about. */
export function hogOf(drawPixels: number): Scene {
  return {
    name: 'hog',
    doc: 'Long draws, several at once, waited for at the end of the frame: starves others under a scheduler that neither remembers nor preempts.',
    setup: (gpu, context) => setup(gpu, context, drawPixels),
  };
}

export const hog = hogOf(DRAW_PIXELS);

async function setup(gpu: Gpu, context: SceneContext, drawPixels: number): Promise<SceneRun> {
  const { width, height } = context;
  const swapchain = await Swapchain.create(gpu, width, height);
  const pile = pileOf(context, drawPixels);
  const vertices = packVertices(pile);
  const indices = new Uint8Array(pile.indices.buffer);
  const mesh = await gpu.createBuffer(vertices.length + indices.length, 'device');
  await gpu.write(mesh, 0, vertices);
  await gpu.write(mesh, vertices.length, indices);
  return {
    async frame(index) {
      const image = await swapchain.next();
      let last: Fence = 0;
      for (let turn = 0; turn < SUBMISSIONS; turn++) {
        const commands = new CommandEncoder().fill(fillOf(image, BACKGROUND));
        setTarget(commands, image);
        setTexture(commands, undefined);
        commands.setTransform(identity, glow(index)).draw({
          vertices: start(mesh),
          vertexCount: pile.positions.length / 3,
          indices: { handle: mesh.handle, offset: vertices.length },
          indexCount: pile.indices.length,
          flags: 0,
        });
        last = await gpu.submit(commands.finish());
      }
      await gpu.wait(last);
      await gpu.present(image);
    },
    async close() {
      await gpu.destroy(mesh);
      await swapchain.close();
    },
  };
}

/** Nested rectangles in the colours of embers, the outermost below. */
function pileOf({ width, height, seed }: SceneContext, drawPixels: number): RawMesh {
  const layers = Math.ceil(drawPixels / (width * height * MEAN_AREA));
  const count = Math.max(1, Math.min(MOST_LAYERS, layers));
  const random = new Random(seed);
  const positions: number[] = [];
  const colors: number[] = [];
  const indices: number[] = [];
  for (let layer = 0; layer < count; layer++) {
    const depth = layer / count;
    const side = 1 - (1 - INNERMOST) * depth;
    const color = [
      ...[90 + 140 * depth, 30 + 110 * depth * depth, 40 - 20 * depth].map(
        (channel) => Math.floor(channel) + random.below(16),
      ),
      255,
    ];
    for (let edge = 0; edge <= BANDS; edge++) {
      const first = positions.length / 3;
      const y = side * ((2 * edge) / BANDS - 1);
      positions.push(-side, y, 0.5, side, y, 0.5);
      colors.push(...color, ...color);
      if (edge < BANDS) {
        indices.push(first, first + 1, first + 2, first + 2, first + 1, first + 3);
      }
    }
  }
  return {
    positions: Float32Array.from(positions),
    colors: Uint8Array.from(colors),
    indices: Uint32Array.from(indices),
  };
}

/** No light, and ambient that comes and goes: colours are shown as they are, or darker. */
function glow(index: number): readonly number[] {
  return [0, 0, 0, sqrt(0.75 + 0.25 * cos((TAU * index) / PERIOD))];
}
