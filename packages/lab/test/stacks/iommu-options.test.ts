/** What the host's IOMMU is given to work with, and what that does to misses of its IOTLB. */
import { profiles } from '@doorbell/hypervisor';
import { expect, it } from 'vitest';
import { runStack } from '../../src/run.ts';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { testEnvironment } from '../environment.ts';

async function misses(text: string): Promise<number> {
  const [spec] = parseStacks(text);
  const { report } = await runStack(
    {
      spec,
      scene: scenes.get('churn')!,
      context: { width: 64, height: 48, frames: 4, seed: 1 },
      profile: profiles.get('kvm-x86')!,
    },
    testEnvironment,
  );
  return report.counts.iotlbMisses;
}

it.each(['passthrough', 'sriov'])(
  '%s: large pages cut IOTLB misses, and so does a larger IOTLB',
  async (name) => {
    const large = await misses(name);
    const small = await misses(`${name}:iommu-pages=4k`);
    // Amit et al., WIOSCA 2010: by more than 60 %.
    expect(large).toBeLessThan(0.4 * small);
    expect(await misses(`${name}:iommu-pages=4k:iotlb=4`)).toBeGreaterThan(small);
  },
);

it('native: a small IOTLB forgets what it will need', async () => {
  expect(await misses('native:iotlb=4')).toBeGreaterThan(await misses('native'));
});
