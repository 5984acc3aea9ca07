/** A renderer on WebGPU: the same `Gpu` as the others, on whatever GPU there really is. */
import { FlatGpu, type FlatGpuParts } from '../flat-gpu.ts';
import { RendererUnavailable, type OpenGpuDevice } from './device.ts';
import { WebGpuEngines } from './engines.ts';

export class WebGpuRenderer extends FlatGpu {
  /** @throws RendererUnavailable */
  static async open(open: OpenGpuDevice, parts: FlatGpuParts): Promise<WebGpuRenderer> {
    const device = await open(parts.memoryBytes);
    device.pushErrorScope('out-of-memory');
    const engines = new WebGpuEngines(device, parts.memoryBytes);
    const error = await device.popErrorScope();
    if (error !== null) {
      const mib = parts.memoryBytes >> 20;
      throw new RendererUnavailable(`WebGPU has no ${mib} MiB for the renderer: ${error.message}`);
    }
    return new WebGpuRenderer(engines, parts);
  }
}
