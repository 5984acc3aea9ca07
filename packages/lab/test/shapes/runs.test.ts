import { profiles } from '@doorbell/hypervisor';
import { expect, it, vi } from 'vitest';
import { Runs } from '../../src/shapes/runs.ts';
import { nop } from '../../src/shapes/workloads/small.ts';
import { testEnvironment } from '../environment.ts';

it('makes a run once, however often it is asked for', async () => {
  const setup = vi.fn((...args: Parameters<typeof nop.scene.setup>) => nop.scene.setup(...args));
  const workload = { ...nop, scene: { ...nop.scene, setup } };
  const runs = new Runs(profiles.get('kvm-x86')!, testEnvironment);
  const [few, many] = workload.between;
  const [less, more] = [
    await runs.wholeNs('native', workload, few),
    await runs.wholeNs('native', workload, many),
  ];
  expect(await runs.perFrame('native', workload)).toBe((more - less) / (many - few));
  expect(setup).toHaveBeenCalledTimes(2);
  await runs.wholeNs('native:iommu=off', workload, few);
  expect(setup).toHaveBeenCalledTimes(3);
});
