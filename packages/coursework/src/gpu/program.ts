/** A small program on a `Gpu`, which makes one picture, and what such programs are made of. */
import {
  CommandEncoder,
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

export const SIDE = 16;
export const OPAQUE = 0xff00_0000;
export const UNLIT = [0, 0, 0, 1];
export const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

export function pixel(image: GpuImage, x: number, y: number): Reference {
  return { handle: image.handle, offset: y * image.stride + x * 4 };
}

/** Each pixel another colour, some of them see-through. */
export async function pattern(gpu: Gpu, side = SIDE): Promise<GpuImage> {
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
export async function colorsOf(gpu: Gpu, color: number): Promise<GpuImage> {
  const image = await gpu.createImage(4, 4);
  const row = new Uint8Array(Uint32Array.from({ length: 4 }, () => color).buffer);
  for (let y = 0; y < 4; y++) {
    await gpu.write(image, y * image.stride, row);
  }
  return image;
}

export async function run(gpu: Gpu, image: GpuImage, commands: CommandEncoder): Promise<GpuImage> {
  await gpu.wait(await gpu.submit(commands.finish()));
  return image;
}

export type Color = readonly [number, number, number, number];

export interface Vertex {
  /** Position in clip space, with z. */
  readonly at: readonly [number, number, number];
  readonly color?: Color;
  readonly uv?: readonly [number, number];
}

/** Triangles of three vertices each, in a buffer. */
export async function triangles(
  gpu: Gpu,
  corners: readonly Vertex[],
): Promise<(flags?: number) => Draw> {
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
export function onto(color: GpuImage, depth?: GpuImage): CommandEncoder {
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

export const DRAW: readonly CommandName[] = [
  ...(['draw', 'setTarget', 'setViewport', 'setScissor'] as const),
  ...(['setTexture', 'setTransform'] as const),
];

export const half: readonly Vertex[] = [{ at: [-1, -1, 0] }, { at: [-1, 1, 0] }, { at: [1, 1, 0] }];
export const red = [255, 0, 0, 255] as const;
export const green = [0, 255, 0, 255] as const;
export const blue = [0, 0, 255, 255] as const;

/** Depths that are as far away as can be. */
export async function farDepth(gpu: Gpu): Promise<GpuImage> {
  const depth = await gpu.createImage(SIDE, SIDE);
  const far = new Uint8Array(Uint32Array.from({ length: SIDE }, () => 0xff_ffff).buffer);
  for (let y = 0; y < SIDE; y++) {
    await gpu.write(depth, y * depth.stride, far);
  }
  return depth;
}

export function colored(color: Color, z: number): Vertex[] {
  return half.map(({ at: [x, y] }) => ({ at: [x, y, z], color }));
}
