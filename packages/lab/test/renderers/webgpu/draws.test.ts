import {
  CommandEncoder,
  drawFlags,
  NONE,
  type Gpu,
  type GpuBuffer,
  type GpuImage,
} from '@doorbell/abi';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { identity } from '../../../src/math.ts';
import { packVertices } from '../../../src/mesh.ts';
import type { Picture } from '../../../src/picture.ts';
import type { WebGpuRenderer } from '../../../src/renderers/webgpu/renderer.ts';
import { RoundingComparison } from '../../../src/rounding.ts';
import { scenes } from '../../../src/scenes/index.ts';
import { codeOf } from '../refusals.ts';
import { describeWebGpu, software, webGpu } from './gpu.ts';

const SIDE = 32;
const { CULL_BACK, DEPTH_TEST, DEPTH_WRITE } = drawFlags;

interface Things {
  readonly color: GpuImage;
  readonly depth: GpuImage;
  readonly mesh: GpuBuffer;
}

/** Two triangles, each half of the picture: the first nearer, and the second a back, in steps of 1/8. */
const vertices = packVertices({
  positions: Float32Array.of(
    ...[-1, -1, 0.25, -1, 1, 0.25, 1, -1, 0.25],
    ...[-1, -1, 0.75, 1, -1, 0.5, 1, 1, 0.75],
  ),
  colors: Uint8Array.from(
    [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255].concat(new Array(12).fill(200)),
  ),
  indices: new Uint32Array(0),
});

async function things(gpu: Gpu): Promise<Things> {
  const color = await gpu.createImage(SIDE, SIDE);
  const depth = await gpu.createImage(SIDE, SIDE);
  const mesh = await gpu.createBuffer(vertices.length + 64, 'device');
  await gpu.write(mesh, 0, vertices);
  return { color, depth, mesh };
}

interface Drawing {
  readonly indices: readonly number[];
  /** Absent: all. */
  readonly indexCount?: number;
  readonly flags: number;
  readonly prepare?: (commands: CommandEncoder, things: Things) => void;
}

/** Colour and depth, after one draw each on what was cleared. */
async function drawn(gpu: Gpu, drawings: readonly Drawing[]): Promise<readonly Uint8Array[]> {
  const all = await things(gpu);
  const { color, depth, mesh } = all;
  const start = ({ handle }: { readonly handle: number }) => ({ handle, offset: 0 });
  const size = { stride: SIDE * 4, width: SIDE, height: SIDE };
  const clear = new CommandEncoder()
    .fill({ dst: start(color), ...size, value: 0xff302010 })
    .fill({ dst: start(depth), ...size, value: 0xffffffff });
  await gpu.submit(clear.finish());
  for (const { indices, indexCount = indices.length, flags, prepare } of drawings) {
    await gpu.write(mesh, vertices.length, new Uint8Array(Uint32Array.from(indices).buffer));
    const commands = new CommandEncoder()
      .setTarget({
        ...{ color: start(color), colorStride: SIDE * 4, depth: start(depth) },
        ...{ depthStride: SIDE * 4, width: SIDE, height: SIDE },
      })
      .setViewport({ x: 0, y: 0, width: SIDE, height: SIDE })
      .setScissor({ x: 0, y: 0, width: SIDE, height: SIDE })
      .setTransform(identity, [0, 0, 0, 1]);
    prepare?.(commands, all);
    commands.draw({
      ...{ vertices: start(mesh), vertexCount: 6 },
      indices: { handle: mesh.handle, offset: vertices.length },
      ...{ indexCount, flags },
    });
    await gpu.wait(await gpu.submit(commands.finish()));
  }
  const pictures = [color, depth].map(() => new Uint8Array(SIDE * SIDE * 4));
  await gpu.read(color, 0, pictures[0]);
  await gpu.read(depth, 0, pictures[1]);
  return pictures;
}

const picture = (pixels: Uint8Array): Picture => ({ width: SIDE, height: SIDE, pixels });
const word = (bytes: Uint8Array, x: number, y: number): number =>
  new DataView(bytes.buffer).getUint32((y * SIDE + x) * 4, true);

describeWebGpu('the 3D engine on WebGPU', () => {
  let gpu: WebGpuRenderer;
  beforeAll(async () => {
    gpu = await webGpu();
  });
  afterAll(() => gpu.close());

  const both: Drawing = { indices: [0, 1, 2, 3, 4, 5], flags: DEPTH_TEST | DEPTH_WRITE };
  const cases: readonly (readonly [string, readonly Drawing[], number?])[] = [
    ['depth, tested and written', [both]],
    ['depth that was there before', [{ ...both, indices: [0, 1, 2] }, both]],
    ['depth that is tested alone', [{ ...both, flags: DEPTH_TEST }]],
    ['no depth', [{ ...both, flags: 0 }]],
    ['culled backs', [{ ...both, flags: CULL_BACK }]],
    [
      'a scissor and a viewport that is turned over',
      [
        {
          ...both,
          prepare: (commands) =>
            commands
              .setScissor({ x: 3, y: 5, width: 20, height: 9 })
              .setViewport({ x: SIDE, y: 4, width: -SIDE, height: 17.5 }),
        },
      ],
    ],
    ...[0, 1].map((filter): readonly [string, readonly Drawing[]] => [
      `a texture, filter ${filter}, in the light`,
      [
        {
          ...both,
          prepare: (commands, { mesh }) =>
            commands
              .setTexture({
                ...{ texels: { handle: mesh.handle, offset: 0 }, stride: 36 },
                ...{ width: 3, height: 6, filter },
              })
              .setTransform(identity, [0.2, 0.1, 0.3, 0.8]),
        },
      ],
    ]),
    [
      'what was drawn just before, as a texture',
      [
        {
          indices: [3, 4, 5, 0, 1, 2],
          ...{ indexCount: 3, flags: 0 },
          prepare: (commands, { color, mesh }) =>
            commands
              .draw({
                ...{ vertices: { handle: mesh.handle, offset: 0 }, vertexCount: 6 },
                indices: { handle: mesh.handle, offset: vertices.length + 12 },
                ...{ indexCount: 3, flags: 0 },
              })
              .setTexture({
                // A pixel of the first draw alone.
                texels: { handle: color.handle, offset: (20 * SIDE + 2) * 4 },
                ...{ stride: SIDE * 4, width: 1, height: 1, filter: 0 },
              }),
        },
      ],
    ],
    [
      'a triangle that reaches behind the viewer',
      [
        {
          ...both,
          prepare: (commands) =>
            commands.setTransform(
              [1, 0, 0, 0.9, 0, 1, 0, 0.3, 0, 0, 1, 0, 0, 0, 0, 1],
              [0, 0, 0, 1],
            ),
        },
      ],
      // Steep: a corner that is 1/16 pixel off is that much deeper.
      2 ** 16,
    ],
  ];
  it.each(cases.map(([name, drawings, steps = 2]) => ({ name, drawings, steps })))(
    'draws what bell does: $name',
    async ({ drawings, steps }) => {
      const [color, depth] = await drawn(gpu, drawings);
      const [expectedColor, expectedDepth] = await drawn(software(), drawings);
      const comparison = new RoundingComparison();
      comparison.add(picture(expectedColor), picture(color));
      expect(comparison.report(true)).toMatchObject({ maxDelta: 0, within: true });
      let apart = 0;
      for (let at = 0; at < SIDE * SIDE; at++) {
        const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
        apart += Math.abs(word(depth, x, y) - word(expectedDepth, x, y)) > steps ? 1 : 0;
      }
      // In steps of 2^-24, but where an edge passes a centre on the other side.
      expect(apart).toBeLessThan(SIDE / 8);
    },
  );

  it('a bad index ends the draw before its triangle, and loses the work', async () => {
    const [color] = await drawn(gpu, [{ indices: [0, 1, 2], flags: 0 }]);
    const { color: image, mesh } = await things(gpu);
    await gpu.write(mesh, vertices.length, new Uint8Array(Uint32Array.of(0, 1, 2, 3, 4, 6).buffer));
    const draw = {
      ...{ vertices: { handle: mesh.handle, offset: 0 }, vertexCount: 6 },
      indices: { handle: mesh.handle, offset: vertices.length },
      ...{ indexCount: 6, flags: 0 },
    };
    const commands = new CommandEncoder()
      .fill({
        ...{ dst: { handle: image.handle, offset: 0 }, stride: SIDE * 4 },
        ...{ width: SIDE, height: SIDE, value: 0xff302010 },
      })
      .setTarget({
        ...{ color: { handle: image.handle, offset: 0 }, colorStride: SIDE * 4 },
        ...{ depth: NONE, depthStride: 0, width: SIDE, height: SIDE },
      })
      .setViewport({ x: 0, y: 0, width: SIDE, height: SIDE })
      .setScissor({ x: 0, y: 0, width: SIDE, height: SIDE })
      .setTransform(identity, [0, 0, 0, 1])
      .draw(draw);
    expect(await codeOf(gpu.wait(await gpu.submit(commands.finish())))).toBe('fault');
    const pixels = new Uint8Array(SIDE * SIDE * 4);
    await gpu.read(image, 0, pixels);
    expect(pixels).toEqual(color);
    // Nothing of what was set is left for the next.
    const lost = await gpu.submit(new CommandEncoder().draw(draw).finish());
    expect(await codeOf(gpu.wait(lost))).toBe('fault');
  });

  it('has room for more draws than one batch has', async () => {
    const many = Array.from({ length: 600 }, (_, at): Drawing['indices'] => [at % 4, 1, 2]).flat();
    expect(many).toHaveLength(1800);
    const image = await gpu.createImage(4, 4);
    const { mesh } = await things(gpu);
    await gpu.write(mesh, vertices.length, new Uint8Array(Uint32Array.of(0, 1, 2).buffer));
    const commands = new CommandEncoder();
    for (let draw = 0; draw < 600; draw++) {
      commands
        .setTarget({
          ...{ color: { handle: image.handle, offset: 0 }, colorStride: 16 },
          ...{ depth: NONE, depthStride: 0, width: 4, height: 4 },
        })
        .setViewport({ x: 0, y: 0, width: 4, height: 4 })
        .setScissor({ x: draw % 4, y: 0, width: 1, height: 4 })
        .setTransform(identity, [0, 0, 0, 1])
        .draw({
          ...{ vertices: { handle: mesh.handle, offset: 0 }, vertexCount: 6 },
          indices: { handle: mesh.handle, offset: vertices.length },
          ...{ indexCount: 3, flags: 0 },
        });
    }
    await gpu.wait(await gpu.submit(commands.finish()));
    const pixels = new Uint8Array(64);
    await gpu.read(image, 0, pixels);
    expect([3, 7, 11].map((at) => pixels[at])).toEqual([255, 255, 255]);
  });
});

describeWebGpu('scenes on WebGPU', () => {
  it.each(['bunny', 'triangle', 'image', 'churn', 'burst', 'clear', 'nop'])(
    '%s is within the bounds of what bell draws',
    async (name) => {
      const context = { width: 64, height: 48, frames: 2, seed: 1 };
      const frames = async (open: (show: (pixels: Uint8Array) => void) => Promise<Gpu>) => {
        const shown: Picture[] = [];
        const gpu = await open((pixels) => {
          shown.push({ width: 64, height: 48, pixels: pixels.slice() });
        });
        const run = await scenes.get(name)!.setup(gpu, context);
        await run.frame(0);
        await run.frame(1);
        await run.close();
        await gpu.close();
        return shown;
      };
      const seen = await frames((flip) => webGpu({ flip }, 64 << 20));
      const expected = await frames(async (flip) => software({ flip }, 64 << 20));
      const comparison = new RoundingComparison();
      expected.forEach((picture, index) => comparison.add(picture, seen[index]));
      expect(comparison.report(seen.length === expected.length)).toMatchObject({ within: true });
    },
  );
});
