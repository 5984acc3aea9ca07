import { PAGE_BYTES } from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { shareLimits } from '../../src/pv/share-limits.ts';
import { runStack } from '../../src/run.ts';
import { scenes } from '../../src/scenes/index.ts';
import { stackSpec } from '../../src/stack-spec.ts';
import { VRAM_BYTES } from '../../src/stacks/stack.ts';
import { testEnvironment } from '../environment.ts';
import { hostileScene } from '../hostile-scenes.ts';
import type { Stack } from '../../src/stacks/stack.ts';

it('leaves a guest that is alone what the device allows', () => {
  expect(shareLimits(1)).toEqual({});
});

it.each([2, 3, 16, 64, 127])(
  'fits %d guests into the GPU together, each with something',
  (guests) => {
    const { resources, hostBytes, vramPages, channels } = shareLimits(guests);
    expect(guests * (hostBytes! + resources! * PAGE_BYTES)).toBeLessThan(VRAM_BYTES);
    expect(guests * vramPages! * PAGE_BYTES).toBeLessThan(VRAM_BYTES);
    expect(guests * channels!).toBeLessThanOrEqual(127);
    expect(hostBytes).toBeGreaterThan(1 << 20);
  },
);

describe.each(['pv', 'pv-assisted'])('on %s', (name) => {
  it('one that takes all the memory it can get leaves the other what it needs', async () => {
    let stack!: Stack;
    const device = () => stack.guests[0].computer.device(stack.guests[0].bdf);
    const churn = scenes.get('churn')!;
    const context = { width: 64, height: 48, frames: 4, seed: 1 };
    const share = { context, weight: 1, cap: 0 };
    const { report } = await runStack(
      {
        spec: stackSpec(name),
        ...{ scene: churn, context, profile: profiles.get('kvm-x86')! },
        guests: [
          { name: 'hoards', scene: hostileScene('hoard', device), ...share, diesAfterNs: 300e6 },
          { name: 'honest', scene: churn, ...share },
        ],
        onStack: (made) => {
          stack = made;
        },
      },
      testEnvironment,
    );
    expect(report.guests[1].error).toBeUndefined();
    expect(report.guests[1].frames).toBe(4);
  });
});
