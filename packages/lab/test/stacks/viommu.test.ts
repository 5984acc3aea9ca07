/** A guest with an IOMMU of its own: what it costs, and that nothing else changes. */
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import type { StackReport } from '../../src/report.ts';
import { runStack } from '../../src/run.ts';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { testEnvironment } from '../environment.ts';

async function run(text: string, scene = 'churn'): Promise<StackReport> {
  const [spec] = parseStacks(text);
  const { report } = await runStack(
    {
      spec,
      scene: scenes.get(scene)!,
      context: { width: 64, height: 48, frames: 4, seed: 1 },
      profile: profiles.get('kvm-x86')!,
    },
    testEnvironment,
  );
  return report;
}

describe.each(['passthrough', 'sriov'])('%s with viommu', (name) => {
  it('draws the same frames by the same accesses, and exits only more to its IOMMU', async () => {
    const [off, deferred, strict] = await Promise.all(
      ['off', 'deferred', 'strict'].map((mode) => run(`${name}:viommu=${mode}`)),
    );
    for (const { frames, counts } of [deferred, strict]) {
      expect(frames).toEqual(off.frames);
      expect(counts.directAccesses).toBe(off.counts.directAccesses);
      expect({ ...counts.exitsByReason, viommu: 0 }).toEqual(off.counts.exitsByReason);
      expect(counts.iommuFaults).toBe(0);
    }
    const told = (report: StackReport): number => report.counts.exitsByReason.viommu;
    // Each map is an exit, and each unmap as well, or one for many of them.
    expect(told(off)).toBe(0);
    expect(told(strict)).toBeGreaterThan(250);
    expect(told(deferred) / told(strict)).toBeCloseTo(0.5, 1);
    expect(strict.time.virtualNs).toBeGreaterThan(deferred.time.virtualNs!);
    expect(deferred.time.virtualNs).toBeGreaterThan(off.time.virtualNs!);
  });

  it('pins nothing beforehand', async () => {
    const { time } = await run(`${name}:viommu=strict`);
    const off = await run(name);
    expect(off.time.byCost['vfio.mapPage']).toBeUndefined();
    expect(time.byCost['vfio.mapPage']).toBeGreaterThan(0);
    // 128 MiB in pages of 4 KiB, 138 ns each.
    expect(off.time.setupNs - time.setupNs).toBe(32768 * 138);
  });
});
