/** Whether the machine has what a renderer takes, before a thread or a process is started for it. */
import { checkGpu } from '@doorbell/lab/node';

/** @throws RendererUnavailable, which says what is missing and how to get it. */
export async function checkRenderer(renderer: string | undefined): Promise<void> {
  if (renderer === 'webgpu') {
    await checkGpu();
  }
}
