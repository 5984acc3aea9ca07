/** Work that is put together, and then submitted as one. */
import type { GpuError } from '@doorbell/abi';
import { Arguments } from './arguments.ts';
import { DrawChecks } from './draw-checks.ts';
import { Kernels, type KernelName } from './kernels.ts';
import { WORKGROUP } from './shaders/thread.ts';

/** Workgroups in one direction of a dispatch: each implementation has as many. */
const MOST_GROUPS = 65535;

export class Batch {
  readonly arguments: Arguments;
  readonly kernels: Kernels;
  readonly checks: DrawChecks;
  private readonly device: GPUDevice;
  private encoder: GPUCommandEncoder | undefined;
  private pass: GPUComputePassEncoder | undefined;
  private onLost: (error: GpuError) => void = () => {};

  constructor(device: GPUDevice, memory: GPUBuffer) {
    this.device = device;
    this.arguments = new Arguments(device);
    this.kernels = new Kernels(device, memory, this.arguments.buffer);
    this.checks = new DrawChecks(device, this.kernels.indirectLayout);
  }

  /** @param onLost  hears of draws that end at a bad index, of what is put in from now on. */
  begin(onLost: (error: GpuError) => void): void {
    this.onLost = onLost;
  }

  /** Submits first what there is, when there is no room for so many dispatches and draws together. */
  reserve(slots: number, draws = 0): void {
    if (!this.arguments.hasRoom(slots) || !this.checks.hasRoom(draws)) {
      this.submit();
    }
  }

  /** Outside of any pass. */
  get commands(): GPUCommandEncoder {
    this.pass?.end();
    this.pass = undefined;
    return (this.encoder ??= this.device.createCommandEncoder());
  }

  /** Where kernels run, one after the other. */
  get compute(): GPUComputePassEncoder {
    return (this.pass ??= this.commands.beginComputePass());
  }

  /** Runs a kernel with a number of threads, after all that was put in before. */
  run(name: KernelName, threads: number, words: readonly number[]): void {
    this.reserve(1);
    const groups = Math.ceil(threads / WORKGROUP);
    const across = Math.min(groups, MOST_GROUPS);
    this.kernel(name, words).dispatchWorkgroups(across, Math.ceil(groups / across));
  }

  /** A kernel with its arguments, ready to be dispatched. The caller has reserved a slot. */
  kernel(name: KernelName, words: readonly number[]): GPUComputePassEncoder {
    const { compute } = this;
    compute.setPipeline(this.kernels.pipeline(name));
    compute.setBindGroup(0, this.kernels.group, [this.arguments.add(words)]);
    return compute;
  }

  submit(): void {
    if (this.encoder === undefined) {
      return;
    }
    const { queue } = this.device;
    this.arguments.upload(queue);
    const results = this.checks.close(this.commands);
    queue.submit([this.commands.finish()]);
    this.encoder = undefined;
    results?.read(this.onLost);
  }
}
