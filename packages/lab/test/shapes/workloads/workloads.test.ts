import { profiles } from '@doorbell/hypervisor';
import { expect, it } from 'vitest';
import { Runs, type Workload } from '../../../src/shapes/runs.ts';
import { longDraw } from '../../../src/shapes/workloads/long-draw.ts';
import { stores } from '../../../src/shapes/workloads/stores.ts';
import { testEnvironment } from '../../environment.ts';
import { RecordingGpu } from '../../scenes/recording-gpu.ts';

it.each([longDraw, stores])(
  '$name draws each frame and gives everything back',
  async (workload) => {
    const { scene, width, height }: Workload = workload;
    const gpu = new RecordingGpu();
    const run = await scene.setup(gpu, { width, height, frames: 3, seed: 1 });
    for (let frame = 0; frame < 3; frame++) {
      await run.frame(frame);
    }
    await run.close();
    expect(gpu.presented).toHaveLength(3);
    expect(gpu.resources.size).toBe(0);
  },
);

it('keeps the GPU for milliseconds with each long draw', async () => {
  const runs = new Runs(profiles.get('kvm-x86')!, testEnvironment);
  const busy = await runs.perFrame('native', longDraw, ({ time }) => time.byCost['gpu.render']);
  expect(busy).toBeGreaterThan(2e6);
});

it('stores by the CPU: nothing is copied to the GPU by DMA', async () => {
  const runs = new Runs(profiles.get('kvm-x86')!, testEnvironment);
  const bytes = await runs.perFrame('native', stores, ({ counts }) => counts.bytesDma);
  expect(bytes).toBeLessThan(2048);
});
