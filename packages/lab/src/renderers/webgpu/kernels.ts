/** The kernels, compiled when they are first used. */
import { Arguments } from './arguments.ts';
import { blit, blitInOrder } from './shaders/blit.ts';
import { copy, copyInOrder, fill, patch } from './shaders/copy.ts';
import { checkIndices } from './shaders/draw.ts';
import { store } from './shaders/target.ts';
import { shaderStage } from './usage.ts';

const sources = {
  ...{ fill, patch, copy, copyInOrder, blit, blitInOrder },
  ...{ checkIndices, store },
} as const;
export type KernelName = keyof typeof sources;

const { COMPUTE } = shaderStage;

export class Kernels {
  /** Memory and arguments: group 0 of each. */
  readonly group: GPUBindGroup;
  /** Group 1 of `checkIndices`, and of `store`. */
  readonly indirectLayout: GPUBindGroupLayout;
  readonly texturesLayout: GPUBindGroupLayout;
  private readonly device: GPUDevice;
  private readonly layout: GPUBindGroupLayout;
  private readonly compiled = new Map<KernelName, GPUComputePipeline>();

  constructor(device: GPUDevice, memory: GPUBuffer, args: GPUBuffer) {
    this.device = device;
    this.layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: 'storage' } },
        { binding: 1, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
      ],
    });
    this.indirectLayout = device.createBindGroupLayout({
      entries: [{ binding: 0, visibility: COMPUTE, buffer: { type: 'storage' } }],
    });
    this.texturesLayout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE, texture: { sampleType: 'uint' } },
        { binding: 1, visibility: COMPUTE, texture: { sampleType: 'depth' } },
      ],
    });
    this.group = device.createBindGroup({
      layout: this.layout,
      entries: [
        { binding: 0, resource: { buffer: memory } },
        { binding: 1, resource: { buffer: args, size: Arguments.bindingBytes } },
      ],
    });
  }

  pipeline(name: KernelName): GPUComputePipeline {
    let pipeline = this.compiled.get(name);
    if (pipeline === undefined) {
      const { device } = this;
      pipeline = device.createComputePipeline({
        label: name,
        layout: device.createPipelineLayout({ bindGroupLayouts: this.layoutsOf(name) }),
        compute: { module: device.createShaderModule({ label: name, code: sources[name] }) },
      });
      this.compiled.set(name, pipeline);
    }
    return pipeline;
  }

  private layoutsOf(name: KernelName): GPUBindGroupLayout[] {
    switch (name) {
      case 'checkIndices':
        return [this.layout, this.indirectLayout];
      case 'store':
        return [this.layout, this.texturesLayout];
      default:
        return [this.layout];
    }
  }
}
