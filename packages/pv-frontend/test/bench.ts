/** A driver, memory, a clock and a small device, put together. */
import { CommandEncoder, type Gpu } from '@doorbell/abi';
import { type FrontendOptions, probeVirtioGpu, type VirtioGpuDriver } from '../src/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { TestDevice } from './test-device.ts';
import { TestMemory } from '../testing/test-memory.ts';

export const plain: FrontendOptions = {
  ring: 'split',
  notify: 'interrupt',
  batch: 1,
  recover: false,
};

export class Bench {
  readonly clock = new ManualClock();
  readonly memory = new TestMemory();
  readonly device = new TestDevice(this.memory, this.clock);
  readonly parts = { memory: this.memory, dma: this.memory.dma, clock: this.clock };

  async probe(options: Partial<FrontendOptions> = {}): Promise<VirtioGpuDriver> {
    return probeVirtioGpu(this.device, this.parts, { ...plain, ...options });
  }

  /** Names of the commands that the device has read. */
  commands(): string[] {
    return this.device.received.map(({ name }) => name);
  }
}

/** Words of a stream that fills `words` words at an offset. */
export function fillWords(
  handle: number,
  offset: number,
  words: number,
  value: number,
): { words: Uint32Array } {
  const dst = { handle, offset };
  const fill = { dst, stride: words * 4, width: words, height: 1, value };
  return new CommandEncoder().fill(fill).finish();
}

export async function readAll(
  gpu: Gpu,
  resource: { handle: number },
  bytes: number,
): Promise<Uint8Array> {
  const into = new Uint8Array(bytes);
  await gpu.read(resource as Parameters<Gpu['read']>[0], 0, into);
  return into;
}
