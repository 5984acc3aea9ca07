/** The render pipelines: one that loads a target, and one for each way to draw. */
import { drawFlags, VERTEX_BYTES } from '@doorbell/abi';
import { Arguments } from './arguments.ts';
import { draw } from './shaders/draw.ts';
import { load } from './shaders/target.ts';
import { shaderStage } from './usage.ts';

export const COLOR_FORMAT = 'r32uint';
export const DEPTH_FORMAT = 'depth32float';

const targets: GPUColorTargetState[] = [{ format: COLOR_FORMAT }];

/** A vertex in memory, as `draw` has it (abi). */
const vertexLayout: GPUVertexBufferLayout = {
  arrayStride: VERTEX_BYTES,
  attributes: [
    { shaderLocation: 0, offset: 0, format: 'float32x3' },
    { shaderLocation: 1, offset: 12, format: 'float32x3' },
    { shaderLocation: 2, offset: 24, format: 'float32x2' },
    { shaderLocation: 3, offset: 32, format: 'uint8x4' },
  ],
};

export class DrawPipelines {
  /** Memory and arguments: group 0 of each. */
  readonly group: GPUBindGroup;
  readonly load: GPURenderPipeline;
  private readonly device: GPUDevice;
  private readonly layout: GPUPipelineLayout;
  private readonly module: GPUShaderModule;
  private readonly byFlags = new Map<number, GPURenderPipeline>();

  constructor(device: GPUDevice, memory: GPUBuffer, args: GPUBuffer) {
    const { VERTEX, FRAGMENT } = shaderStage;
    this.device = device;
    const layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: FRAGMENT, buffer: { type: 'read-only-storage' } },
        {
          binding: 1,
          visibility: VERTEX | FRAGMENT,
          buffer: { type: 'uniform', hasDynamicOffset: true },
        },
      ],
    });
    this.group = device.createBindGroup({
      layout,
      entries: [
        { binding: 0, resource: { buffer: memory } },
        { binding: 1, resource: { buffer: args, size: Arguments.bindingBytes } },
      ],
    });
    this.layout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
    this.module = device.createShaderModule({ label: 'draw', code: draw });
    this.load = this.makeLoad();
  }

  private makeLoad(): GPURenderPipeline {
    const { device, layout } = this;
    const module = device.createShaderModule({ label: 'load', code: load });
    return device.createRenderPipeline({
      ...{ label: 'load', layout },
      vertex: { module },
      fragment: { module, targets },
      depthStencil: { format: DEPTH_FORMAT, depthCompare: 'always', depthWriteEnabled: true },
    });
  }

  /** @param flags  as `drawFlags` has it (abi); without a depth, none of depth. */
  draw(flags: number): GPURenderPipeline {
    let pipeline = this.byFlags.get(flags);
    if (pipeline === undefined) {
      const { device, layout, module } = this;
      const usesDepth = (flags & ~drawFlags.CULL_BACK) !== 0;
      pipeline = device.createRenderPipeline({
        ...{ label: `draw ${flags}`, layout },
        vertex: { module, buffers: [vertexLayout] },
        fragment: { module, targets, entryPoint: usesDepth ? 'deep' : 'shallow' },
        // Clockwise as one sees it, with y down on the screen, is a back.
        primitive: { cullMode: (flags & drawFlags.CULL_BACK) !== 0 ? 'back' : 'none' },
        depthStencil: {
          format: DEPTH_FORMAT,
          depthCompare: (flags & drawFlags.DEPTH_TEST) !== 0 ? 'less' : 'always',
          depthWriteEnabled: (flags & drawFlags.DEPTH_WRITE) !== 0,
        },
      });
      this.byFlags.set(flags, pipeline);
    }
    return pipeline;
  }
}
