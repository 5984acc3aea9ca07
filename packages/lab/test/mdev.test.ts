/** The mediated GPU: the same pixels for every scene and option, and what is counted for them. */
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { compare } from '../src/compare.ts';
import type { StackReport } from '../src/report.ts';
import { scenes } from '../src/scenes/index.ts';
import { parseStacks } from '../src/stack-spec.ts';
import { testEnvironment } from './environment.ts';

const FRAMES = 3;

async function reports(scene: string, stacks: string): Promise<readonly StackReport[]> {
  const { report } = await compare(
    {
      stacks: parseStacks(stacks),
      scene: scenes.get(scene)!,
      ...{ frames: FRAMES, width: 64, height: 48, seed: 1 },
      profile: profiles.get('kvm-x86')!,
    },
    testEnvironment,
  );
  expect(report.identical).toBe(true);
  return report.stacks;
}

describe('the stack mdev', () => {
  it.each([...scenes.keys()])('%s has the pixels of bare metal', async (scene) => {
    const [native, lazy, strict] = await reports(scene, 'native,mdev,mdev:shadow=strict');
    expect(lazy.driver.sha256).toBe(native.driver.sha256);
    expect(strict.frames).toEqual(native.frames);
    expect(lazy.counts.commandsRefused + strict.counts.commandsRefused).toBe(0);
  });

  it.each([
    'mdev:bar-remap=off',
    'mdev:bar-remap=off:shadow=strict',
    'mdev:posted-interrupts=on',
    'mdev:iommu=deferred',
    'mdev:type=bell-1',
    'mdev:type=bell-2',
    'mdev:type=bell-8:shadow=strict',
  ])('%s has them, too', async (stack) => {
    const [, mediated] = await reports('triangle', `native,${stack}`);
    expect(mediated.counts.iommuFaults).toBe(0);
  });

  it('traps stores to the aperture when it is not mapped, and else only those to page tables', async () => {
    const [on, off, strict] = await reports(
      'triangle',
      'mdev,mdev:bar-remap=off,mdev:shadow=strict',
    );
    const writes = ({ counts }: StackReport): number => counts.exitsByReason['mmio-write'];
    expect(writes(on)).toBeLessThan(writes(strict));
    expect(writes(strict)).toBeLessThan(writes(off));
    expect(on.counts.exitsAfterInit['mmio-write']).toBeGreaterThan(0);
  });

  it('updates shadows once for a flush or a submission when lazy, and for each store when strict', async () => {
    const [lazy, strict] = await reports('churn', 'mdev,mdev:shadow=strict');
    expect(lazy.counts.shadowUpdates).toBeGreaterThan(0);
    expect(strict.counts.shadowUpdates).toBeGreaterThan(lazy.counts.shadowUpdates * 10);
  });

  it('reads as many packets as the GPU runs', async () => {
    const [native, lazy] = await reports('bunny', 'native,mdev');
    expect(native.counts.commandsScanned).toBe(0);
    expect(lazy.counts.commandsScanned).toBeGreaterThan(FRAMES);
  });
});
