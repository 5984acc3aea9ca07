/** A GPU of the browser's, also in a worker. */
import { openGpuDevice, RendererUnavailable, type OpenGpuDevice } from '@doorbell/lab';

/** @throws RendererUnavailable */
export const browserGpuDevice: OpenGpuDevice = async (bufferBytes) => {
  // Absent in browsers without WebGPU, and on pages that are not secure contexts.
  const { gpu } = navigator as Partial<Navigator>;
  if (gpu === undefined) {
    throw new RendererUnavailable(
      'This browser has no WebGPU (navigator.gpu), or not for this page.',
    );
  }
  return openGpuDevice(gpu, bufferBytes);
};
