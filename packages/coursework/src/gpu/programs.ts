/** What the commands draw: small programs on a `Gpu`, each of which makes one picture. */
import {
  blends,
  CommandEncoder,
  drawFlags,
  filters,
  NONE,
  type CommandName,
  type Gpu,
  type GpuImage,
  type Reference,
} from '@doorbell/abi';

export interface Program {
  readonly id: string;
  /** What its picture shows, if it is right. */
  readonly title: string;
  /** The commands that it takes; the first is what it is about. */
  readonly commands: readonly CommandName[];
  readonly draw: (gpu: Gpu) => Promise<GpuImage>;
}

const SIDE = 16;
const OPAQUE = 0xff00_0000;
const UNLIT = [0, 0, 0, 1];
const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

function pixel(image: GpuImage, x: number, y: number): Reference {
  return { handle: image.handle, offset: y * image.stride + x * 4 };
}

/** Each pixel another colour, some of them see-through. */
async function pattern(gpu: Gpu, side = SIDE): Promise<GpuImage> {
  const image = await gpu.createImage(side, side);
  const bytes = new Uint8Array(image.stride * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = y * image.stride + x * 4;
      bytes.set([x * 16, y * 16, (x ^ y) * 16, x < y ? 255 : 16 * x], at);
    }
  }
  await gpu.write(image, 0, bytes);
  return image;
}

/** Four by four pixels of one colour. */
async function colorsOf(gpu: Gpu, color: number): Promise<GpuImage> {
  const image = await gpu.createImage(4, 4);
  const row = new Uint8Array(Uint32Array.from({ length: 4 }, () => color).buffer);
  for (let y = 0; y < 4; y++) {
    await gpu.write(image, y * image.stride, row);
  }
  return image;
}

async function run(gpu: Gpu, image: GpuImage, commands: CommandEncoder): Promise<GpuImage> {
  await gpu.wait(await gpu.submit(commands.finish()));
  return image;
}

type Color = readonly [number, number, number, number];

interface Vertex {
  /** Position in clip space, with z. */
  readonly at: readonly [number, number, number];
  readonly color?: Color;
  readonly uv?: readonly [number, number];
}

/** Triangles of three vertices each, in a buffer. */
async function triangles(gpu: Gpu, corners: readonly Vertex[]): Promise<(flags?: number) => Draw> {
  const bytes = new DataView(new ArrayBuffer(corners.length * 40));
  corners.forEach(({ at, color = [255, 255, 255, 255], uv = [0, 0] }, index) => {
    const base = index * 36;
    // Position, normal (0, 0, 1), texture coordinates, colour.
    [...at, 0, 0, 1, ...uv].forEach((value, place) => {
      bytes.setFloat32(base + place * 4, value, true);
    });
    color.forEach((value, place) => {
      bytes.setUint8(base + 32 + place, value);
    });
    bytes.setUint32(corners.length * 36 + index * 4, index, true);
  });
  const { handle } = await gpu.createBuffer(bytes.byteLength, 'device');
  await gpu.write({ handle, bytes: bytes.byteLength }, 0, new Uint8Array(bytes.buffer));
  return (flags = 0) => ({
    vertices: { handle, offset: 0 },
    vertexCount: corners.length,
    indices: { handle, offset: corners.length * 36 },
    indexCount: corners.length,
    flags,
  });
}

type Draw = Parameters<CommandEncoder['draw']>[0];

/** A target with everything set that a draw takes, unlit and white. */
function onto(color: GpuImage, depth?: GpuImage): CommandEncoder {
  return new CommandEncoder()
    .setTarget({
      color: pixel(color, 0, 0),
      colorStride: color.stride,
      depth: depth === undefined ? NONE : pixel(depth, 0, 0),
      depthStride: depth?.stride ?? 0,
      width: color.width,
      height: color.height,
    })
    .setViewport({ x: 0, y: 0, width: color.width, height: color.height })
    .setScissor({ x: 0, y: 0, width: color.width, height: color.height })
    .setTexture({ texels: NONE, stride: 0, width: 0, height: 0, filter: filters.NEAREST })
    .setTransform(IDENTITY, UNLIT);
}

const DRAW: readonly CommandName[] = [
  ...(['draw', 'setTarget', 'setViewport', 'setScissor'] as const),
  ...(['setTexture', 'setTransform'] as const),
];

const half: readonly Vertex[] = [{ at: [-1, -1, 0] }, { at: [-1, 1, 0] }, { at: [1, 1, 0] }];
const red = [255, 0, 0, 255] as const;
const green = [0, 255, 0, 255] as const;
const blue = [0, 0, 255, 255] as const;

/** Depths that are as far away as can be. */
async function farDepth(gpu: Gpu): Promise<GpuImage> {
  const depth = await gpu.createImage(SIDE, SIDE);
  const far = new Uint8Array(Uint32Array.from({ length: SIDE }, () => 0xff_ffff).buffer);
  for (let y = 0; y < SIDE; y++) {
    await gpu.write(depth, y * depth.stride, far);
  }
  return depth;
}

function colored(color: Color, z: number): Vertex[] {
  return half.map(({ at: [x, y] }) => ({ at: [x, y, z], color }));
}

export const programs: readonly Program[] = [
  {
    id: 'fill/rectangle',
    title: 'A fill writes its rectangle, and nothing around it.',
    commands: ['fill'],
    draw: async (gpu) => {
      const image = await pattern(gpu);
      const fill = { dst: pixel(image, 3, 2), stride: image.stride, width: 7, height: 5 };
      return run(gpu, image, new CommandEncoder().fill({ ...fill, value: 0x8040_2010 }));
    },
  },
  {
    id: 'fill/stride',
    title: 'A fill goes from row to row by its own stride, which need not be the image’s.',
    commands: ['fill'],
    draw: async (gpu) => {
      const image = await pattern(gpu);
      const fill = { dst: pixel(image, 1, 0), stride: image.stride * 3, width: 4, height: 5 };
      return run(gpu, image, new CommandEncoder().fill({ ...fill, value: OPAQUE }));
    },
  },
  {
    id: 'fill/nothing',
    title: 'A fill of no rows, or of no words, writes nothing.',
    commands: ['fill'],
    draw: async (gpu) => {
      const image = await pattern(gpu);
      const fill = { dst: pixel(image, 0, 0), stride: image.stride, value: OPAQUE };
      const commands = new CommandEncoder()
        .fill({ ...fill, width: 0, height: 9 })
        .fill({ ...fill, width: 9, height: 0 });
      return run(gpu, image, commands);
    },
  },
  {
    id: 'fill/in-order',
    title: 'Commands of one submission happen in their order.',
    commands: ['fill'],
    draw: async (gpu) => {
      const image = await pattern(gpu);
      const fill = { dst: pixel(image, 2, 2), stride: image.stride, height: 8 };
      const commands = new CommandEncoder()
        .fill({ ...fill, width: 8, value: 0xff00_00ff })
        .fill({ ...fill, width: 4, value: 0xff00_ff00 });
      return run(gpu, image, commands);
    },
  },
  {
    id: 'copy/rectangle',
    title: 'A copy takes rows of bytes from one image to another.',
    commands: ['copy'],
    draw: async (gpu) => {
      const from = await pattern(gpu);
      const image = await gpu.createImage(SIDE, SIDE);
      const commands = new CommandEncoder().copy({
        ...{ dst: pixel(image, 5, 4), dstStride: image.stride },
        ...{ src: pixel(from, 1, 2), srcStride: from.stride, rowBytes: 4 * 6 + 2, rows: 7 },
      });
      return run(gpu, image, commands);
    },
  },
  {
    id: 'copy/overlap',
    title: 'Within a row a copy is as if through a buffer, and rows follow each other.',
    commands: ['copy'],
    draw: async (gpu) => {
      const image = await pattern(gpu);
      const { stride } = image;
      const commands = new CommandEncoder()
        .copy({
          ...{ dst: pixel(image, 3, 1), dstStride: stride },
          ...{ src: pixel(image, 1, 1), srcStride: stride, rowBytes: 32, rows: 1 },
        })
        .copy({
          ...{ dst: pixel(image, 0, 6), dstStride: stride },
          ...{ src: pixel(image, 0, 5), srcStride: stride, rowBytes: 24, rows: 5 },
        });
      return run(gpu, image, commands);
    },
  },
  ...(['NEAREST', 'BILINEAR'] as const).flatMap((filter) =>
    (['NONE', 'OVER'] as const).map((blend): Program => ({
      id: `blit/${filter.toLowerCase()}-${blend.toLowerCase()}`,
      title: `A blit scales, ${filter === 'NEAREST' ? 'taking the nearest pixel' : 'mixing four pixels'}, and ${blend === 'NONE' ? 'replaces' : 'blends over'} what was there.`,
      commands: ['blit'],
      draw: async (gpu) => {
        const from = await pattern(gpu);
        const image = await pattern(gpu, 32);
        const commands = new CommandEncoder().blit({
          ...{ dst: pixel(image, 2, 3), dstStride: image.stride, dstWidth: 27, dstHeight: 21 },
          ...{ src: pixel(from, 1, 1), srcStride: from.stride, srcWidth: 11, srcHeight: 13 },
          ...{ filter: filters[filter], blend: blends[blend] },
        });
        return run(gpu, image, commands);
      },
    })),
  ),
  {
    id: 'blit/over-clear',
    title: 'What is wholly transparent leaves what is there, also where that is transparent too.',
    commands: ['blit'],
    draw: async (gpu) => {
      const [from, image] = [await colorsOf(gpu, 0xff_a050), await colorsOf(gpu, 0x40_8020)];
      const commands = new CommandEncoder().blit({
        ...{ dst: pixel(image, 0, 0), dstStride: image.stride, dstWidth: 4, dstHeight: 4 },
        ...{ src: pixel(from, 0, 0), srcStride: from.stride, srcWidth: 4, srcHeight: 4 },
        ...{ filter: filters.NEAREST, blend: blends.OVER },
      });
      return run(gpu, image, commands);
    },
  },
  {
    id: 'draw/triangle',
    title: 'A triangle covers the pixels whose centres lie in it, by the top-left rule.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const draw = await triangles(gpu, half);
      return run(gpu, image, onto(image).draw(draw()));
    },
  },
  {
    id: 'draw/colors',
    title: 'Colours at the corners are interpolated between them.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(32, 32);
      const draw = await triangles(gpu, [
        { at: [-0.9, -0.8, 0], color: red },
        { at: [-0.1, 0.9, 0], color: green },
        { at: [0.9, -0.3, 0], color: blue },
      ]);
      return run(gpu, image, onto(image).draw(draw()));
    },
  },
  {
    id: 'draw/cull',
    title: 'CULL_BACK drops the triangles whose corners run clockwise on the screen.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const [a, b, c] = half;
      const draw = await triangles(gpu, [
        ...[a, b, c],
        ...[a, c, { at: [1, -1, 0], color: red } satisfies Vertex],
      ]);
      return run(gpu, image, onto(image).draw(draw(drawFlags.CULL_BACK)));
    },
  },
  {
    id: 'draw/depth',
    title: 'With DEPTH_TEST what is farther away stays hidden, whatever was drawn first.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const depth = await farDepth(gpu);
      const draw = await triangles(gpu, [
        ...colored(green, 0.25),
        ...colored(red, 0.75).map(({ at: [x, y, z], ...rest }) => ({
          ...{ at: [-x, y, z] as const, ...rest },
        })),
      ]);
      const flags = drawFlags.DEPTH_TEST | drawFlags.DEPTH_WRITE;
      return run(gpu, image, onto(image, depth).draw(draw(flags)));
    },
  },
  {
    id: 'draw/edges',
    title: 'Of triangles that share an edge, one alone owns each pixel whose centre is on it.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      // Corners on the centres of pixels.
      const centre = (pixel: number): number => ((pixel + 0.5) * 2) / SIDE - 1;
      const triangle = (color: Color, ...corners: (readonly [number, number])[]): Vertex[] =>
        corners.map(([x, y]) => ({ at: [centre(x), centre(y), 0], color }));
      const draw = await triangles(gpu, [
        ...triangle([255, 0, 0, 255], [8, 2], [2, 8], [8, 8]),
        ...triangle([0, 255, 0, 255], [8, 2], [8, 8], [14, 8]),
        ...triangle([0, 0, 255, 255], [2, 8], [8, 14], [8, 8]),
        ...triangle([255, 255, 255, 255], [8, 8], [8, 14], [14, 8]),
      ]);
      return run(gpu, image, onto(image).draw(draw()));
    },
  },
  {
    id: 'draw/incomplete',
    title: 'Indices that are over behind the last whole triangle draw nothing.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const draw = await triangles(gpu, [...half, ...colored(red, 0)]);
      return run(gpu, image, onto(image).draw({ ...draw(), indexCount: 5 }));
    },
  },
  {
    id: 'draw/clip',
    title: 'What is too near is cut off, and what lies outside of the viewport is not drawn.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(32, 32);
      const draw = await triangles(gpu, [
        { at: [-1.5, -1.2, 0.5], color: red },
        { at: [-0.2, 1.4, -0.4], color: green },
        { at: [1.7, -0.4, 0.5], color: blue },
      ]);
      const viewport = { x: 5, y: 4, width: 19, height: 23 };
      return run(gpu, image, onto(image).setViewport(viewport).draw(draw()));
    },
  },
  {
    id: 'draw/perspective',
    title: 'Colours and texture coordinates are interpolated in space, not on the screen.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(32, 32);
      const { handle, stride, width, height } = await pattern(gpu, 8);
      const draw = await triangles(gpu, [
        { at: [-1, -1, 0], uv: [0, 0], color: red },
        { at: [-1, 1, 0], uv: [0, 1], color: green },
        { at: [1, 1, 0], uv: [1, 1], color: blue },
        { at: [-1, -1, 0], uv: [0, 0] },
        { at: [1, 1, 0], uv: [1, 1] },
        { at: [1, -1, 0], uv: [1, 0] },
      ]);
      // W is 2 + x.
      const matrix = [1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2];
      const texels = { handle, offset: 0 };
      const texture = { texels, stride, width, height, filter: filters.NEAREST };
      const commands = onto(image)
        .setTransform(matrix, UNLIT)
        .draw({ ...draw(), indexCount: 3 });
      return run(gpu, image, commands.setTexture(texture).draw(draw()));
    },
  },
  {
    id: 'draw/depth-equal',
    title: 'With DEPTH_TEST what is as far away stays hidden; depths have 24 bits.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const depth = await farDepth(gpu);
      const mirrored = (vertices: Vertex[]): Vertex[] =>
        vertices.map(({ at: [x, y, z], ...rest }) => ({ at: [-x, -y, z], ...rest }));
      const draw = await triangles(gpu, [
        ...colored(red, 0.5),
        ...colored(green, 0.5),
        ...mirrored(colored(red, 0.4)),
        ...mirrored(colored(blue, 0.4 - 2 ** -20)),
      ]);
      const flags = drawFlags.DEPTH_TEST | drawFlags.DEPTH_WRITE;
      return run(gpu, image, onto(image, depth).draw(draw(flags)));
    },
  },
  {
    id: 'draw/depth-kept',
    title: 'Without DEPTH_WRITE depths stay as they are.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const depth = await farDepth(gpu);
      const near = await triangles(gpu, colored(green, 0.25));
      const far = await triangles(gpu, colored(red, 0.75));
      const commands = onto(image, depth)
        .draw(near(drawFlags.DEPTH_TEST))
        .draw(far(drawFlags.DEPTH_TEST));
      return run(gpu, image, commands);
    },
  },
  {
    id: 'draw/scissor',
    title: 'Nothing is drawn outside of the scissor rectangle.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const draw = await triangles(gpu, half);
      const commands = onto(image).setScissor({ x: 2, y: 5, width: 6, height: 7 }).draw(draw());
      return run(gpu, image, commands);
    },
  },
  {
    id: 'draw/viewport',
    title: 'The viewport says where device coordinates fall, and nothing is drawn outside of it.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const draw = await triangles(gpu, half);
      const commands = onto(image).setViewport({ x: 4, y: 6, width: 9, height: 5 }).draw(draw());
      return run(gpu, image, commands);
    },
  },
  ...(['NEAREST', 'BILINEAR'] as const).map((filter): Program => ({
    id: `draw/texture${filter === 'NEAREST' ? '' : '-bilinear'}`,
    title: `A texture is repeated in both directions${filter === 'NEAREST' ? '' : ', its texels mixed'}, and multiplied with the colour.`,
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(32, 32);
      const { handle, stride, width, height } = await pattern(gpu, 8);
      const draw = await triangles(gpu, [
        { at: [-1, -1, 0], uv: [-0.5, 0] },
        { at: [-1, 1, 0], uv: [0, 2], color: [255, 128, 255, 255] },
        { at: [1, 1, 0], uv: [2, 2.25] },
      ]);
      const texels = { handle, offset: 0 };
      const texture = { texels, stride, width, height, filter: filters[filter] };
      return run(gpu, image, onto(image).setTexture(texture).draw(draw()));
    },
  })),
  {
    id: 'draw/light-behind',
    title: 'Light from behind does not light a vertex.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const draw = await triangles(gpu, half);
      const commands = onto(image).setTransform(IDENTITY, [0, 0, -0.5, 0.25]).draw(draw());
      return run(gpu, image, commands);
    },
  },
  {
    id: 'draw/light',
    title: 'A vertex is lit by ambient + max(0, normal · light).',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const draw = await triangles(gpu, half);
      const commands = onto(image).setTransform(IDENTITY, [0, 0, 0.5, 0.25]).draw(draw());
      return run(gpu, image, commands);
    },
  },
];
