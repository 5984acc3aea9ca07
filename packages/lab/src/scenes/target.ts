/** The 3D engine's state, set as scenes need it. */
import { type CommandEncoder, filters, type GpuImage, NONE } from '@doorbell/abi';
import { start } from './surface.ts';

/** All of an image, and perhaps depths, as the target of what is drawn next. */
export function setTarget(commands: CommandEncoder, color: GpuImage, depth?: GpuImage): void {
  const { stride, width, height } = color;
  commands
    .setTarget({
      color: start(color),
      colorStride: stride,
      depth: depth === undefined ? NONE : start(depth),
      depthStride: depth?.stride ?? 0,
      width,
      height,
    })
    .setViewport({ x: 0, y: 0, width, height })
    .setScissor({ x: 0, y: 0, width, height });
}

/** Undefined: white. */
export function setTexture(commands: CommandEncoder, texture: GpuImage | undefined): void {
  commands.setTexture({
    texels: texture === undefined ? NONE : start(texture),
    stride: texture?.stride ?? 0,
    width: texture?.width ?? 0,
    height: texture?.height ?? 0,
    filter: filters.BILINEAR,
  });
}
