/** A device of a WebGPU implementation: a browser's `navigator.gpu`, or Dawn's in Node. */

/** There is no WebGPU, or none that will do; says what is missing. */
export class RendererUnavailable extends Error {
  override readonly name = 'RendererUnavailable';
}

/** Opens a device whose buffers may have so many bytes. @throws RendererUnavailable */
export type OpenGpuDevice = (bufferBytes: number) => Promise<GPUDevice>;

/** @throws RendererUnavailable */
export async function openGpuDevice(gpu: GPU, bufferBytes: number): Promise<GPUDevice> {
  const adapter = await gpu.requestAdapter();
  if (adapter === null) {
    throw new RendererUnavailable('WebGPU finds no GPU that it can use, nor one in software.');
  }
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  if (most < bufferBytes) {
    throw new RendererUnavailable(
      `WebGPU's buffers have at most ${most >> 20} MiB here, and the renderer needs ${bufferBytes >> 20}.`,
    );
  }
  return adapter.requestDevice({
    requiredLimits: { maxBufferSize: bufferBytes, maxStorageBufferBindingSize: bufferBytes },
  });
}
