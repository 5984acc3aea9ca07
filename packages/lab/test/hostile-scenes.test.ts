/** What is done, is done: a hostile guest that does nothing would prove nothing. */
import { profiles } from '@doorbell/hypervisor';
import { expect, it } from 'vitest';
import { runStack } from '../src/run.ts';
import { scenes } from '../src/scenes/index.ts';
import { stackSpec } from '../src/stack-spec.ts';
import type { Stack } from '../src/stacks/stack.ts';
import { testEnvironment } from './environment.ts';
import { hostileScene, mischiefNames } from './hostile-scenes.ts';

const context = { width: 64, height: 48, frames: 1, seed: 3 };

/** One that does it, and one that draws a single colour. */
async function run(name: string, mischief: string): Promise<Stack> {
  let stack!: Stack;
  const clear = scenes.get('clear')!;
  const scene = hostileScene(mischief, () => {
    const [{ computer, bdf }] = stack.guests;
    return computer.device(bdf);
  });
  const { report } = await runStack(
    {
      spec: stackSpec(name),
      ...{ scene: clear, context, profile: profiles.get('kvm-x86')! },
      guests: [
        { name: 'bad', scene, context, weight: 1, cap: 0, diesAfterNs: 300e6 },
        { name: 'good', scene: clear, context, weight: 1, cap: 0 },
      ],
      onStack: (made) => {
        stack = made;
      },
    },
    testEnvironment,
  );
  expect(report.guests[0].error).toBe('bad died.');
  return stack;
}

it('hang: the watchdog bites once', async () => {
  const { bells } = await run('native', 'hang');
  expect(bells[0].counts.hangs).toBe(1);
});

it('flood and ring: thousands of doorbells arrive', async () => {
  const { bells } = await run('passthrough', 'flood');
  expect(bells[0].counts.doorbells).toBeGreaterThan(500);
  const ringing = await run('passthrough', 'ring');
  expect(ringing.bells[0].counts.doorbells).toBeGreaterThan(2999);
});

it('registers and garbage: a GPU finds fault with what it is given', async () => {
  const { bells } = await run('passthrough', 'garbage');
  expect(bells[0].counts.faults).toBeGreaterThan(0);
  const { host } = await run('emulated', 'registers');
  expect(host.machine.counts.exitsByReason['mmio-write']).toBeGreaterThan(300);
});

it('garbage: a virtqueue is broken', async () => {
  const { guests } = await run('pv', 'garbage');
  expect(guests[0].pvCounts?.().kicks).toBeGreaterThan(0);
});

it('flr: nothing is drawn any more', async () => {
  const { bells } = await run('passthrough', 'flr');
  expect(bells[0].counts.flips).toBe(0);
});

it('hoard: there is no memory left of that size', async () => {
  const { guests } = await run('sriov', 'hoard');
  const [{ computer }] = guests;
  expect(() => computer.parts.pages.allocate(16 << 20)).toThrow();
});

it('knows nothing else', async () => {
  expect(mischiefNames.length).toBe(8);
  await expect(run('native', 'anything')).rejects.toThrow(TypeError);
});
