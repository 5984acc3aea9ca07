import { profiles } from '@doorbell/hypervisor';
import { expect, it } from 'vitest';
import { Runs, type Workload } from '../../../src/shapes/runs.ts';
import { longDraw } from '../../../src/shapes/workloads/long-draw.ts';
import { queuedDraws } from '../../../src/shapes/workloads/queued-draws.ts';
import { stores } from '../../../src/shapes/workloads/stores.ts';
import { stream } from '../../../src/shapes/workloads/stream.ts';
import { testEnvironment } from '../../environment.ts';
import { RecordingGpu } from '../../scenes/recording-gpu.ts';

const queued: Workload = {
  ...{ name: 'queued', scene: queuedDraws(16, 10), width: 64, height: 48, between: [4, 8] },
};

it.each([longDraw, stores, stream, queued])(
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

it('reads each of its large buffers by DMA, all of it', async () => {
  const runs = new Runs(profiles.get('kvm-x86')!, testEnvironment);
  const bytes = await runs.perFrame('native', stream, ({ counts }) => counts.bytesDma);
  expect(bytes).toBeGreaterThan(512 << 10);
  expect(bytes).toBeLessThan((512 << 10) + 512);
});

it('keeps draws of 0.1 ms queued: the GPU never idles', async () => {
  const runs = new Runs(profiles.get('kvm-x86')!, testEnvironment);
  const busy = await runs.perFrame('native', queued, ({ time }) => time.byCost['gpu.render']);
  expect(busy / 10).toBeGreaterThan(100_000);
  expect(busy / 10).toBeLessThan(110_000);
  expect(busy / (await runs.perFrame('native', queued))).toBeGreaterThan(0.98);
});
