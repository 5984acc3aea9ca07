/** WebGPU where the machine has it. */
import { type Display } from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { describe } from 'vitest';
import { checkGpu, openGpuDevice } from '../../../src/node/webgpu.ts';
import { SoftwareRenderer } from '../../../src/renderers/software.ts';
import { WebGpuRenderer } from '../../../src/renderers/webgpu/renderer.ts';
import { engineRates } from '../../../src/stacks/engine-rates.ts';

const MEMORY_BYTES = 16 << 20;

/** Why there is none; '' where there is. */
const why = await checkGpu().then(
  () => '',
  (error: unknown) => (error as Error).message,
);

/** `describe` where there is WebGPU; where it is required, tests do not go on without. */
export function describeWebGpu(name: string, body: () => void): void {
  if (why !== '' && process.env.DOORBELL_REQUIRE_PEERS === '1') {
    throw new Error(`'${name}': ${why}`);
  }
  if (why !== '') {
    console.warn(`skipped: '${name}': ${why}`);
  }
  describe.runIf(why === '')(name, body);
}

const nowhere: Display = { flip: () => undefined };

export function webGpu(display = nowhere, memoryBytes = MEMORY_BYTES): Promise<WebGpuRenderer> {
  return WebGpuRenderer.open(openGpuDevice, { display, memoryBytes });
}

/** What it is compared with. */
export function software(display = nowhere, memoryBytes = MEMORY_BYTES): SoftwareRenderer {
  const rates = engineRates(profiles.get('kvm-x86')!, 'software');
  return new SoftwareRenderer({ display, memoryBytes, rates });
}
