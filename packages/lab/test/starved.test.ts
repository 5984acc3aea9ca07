/**
 * Long packets beside shorter ones, both without a pause: what a guest gets of its due is what its policy
 * says (docs/mechanisms/schedulers.md). That of `weighted` and `credit` is a matter of seconds: see the
 * tests of these schedulers.
 */
import { profiles } from '@doorbell/hypervisor';
import { expect, it } from 'vitest';
import { runStack } from '../src/run.ts';
import { scenes } from '../src/scenes/index.ts';
import { stackSpec } from '../src/stack-spec.ts';
import { testEnvironment } from './environment.ts';
import { watchWaits, type Worst } from './longest-waits.ts';

const hog = scenes.get('hog')!;
const large = { width: 640, height: 480, frames: 14, seed: 1 };
const small = { width: 160, height: 120, frames: 8, seed: 1 };
/** What is lost between two frames, and by switches of contexts. */
const LOST = 0.06;

async function share(scheduler: string, preempt: string) {
  let worst: readonly Worst[] = [];
  const { report } = await runStack(
    {
      spec: stackSpec('sriov', { scheduler, preempt }),
      ...{ scene: hog, context: small, profile: profiles.get('kvm-x86')! },
      guests: [
        { name: 'large', scene: hog, context: large, weight: 1, cap: 0 },
        { name: 'small', scene: hog, context: small, weight: 1, cap: 0 },
      ],
      onStack: ({ guests }) => {
        worst = watchWaits(guests[0].gpu!.sharing, 2);
      },
    },
    testEnvironment,
  );
  expect(report.sharing!.windowNs).toBeGreaterThan(40e6);
  expect(report.guests[1].due).toBe(0.5);
  return { share: report.guests[1].share, packetNs: worst.map(({ packetNs }) => packetNs) };
}

it.each(['round-robin', 'best-effort'])(
  '%s forgets that a packet outlasted the slice: one gets its slice for each such packet, not its due',
  async (scheduler) => {
    const got = await share(scheduler, 'off');
    const sliceNs = scheduler === 'round-robin' ? 1e6 : 2e6;
    const [longest] = got.packetNs;
    expect(longest).toBeGreaterThan(2e6);
    expect(got.share).toBeGreaterThan(sliceNs / (sliceNs + sliceNs + longest) - LOST);
    expect(got.share).toBeLessThan(0.5);
  },
);

it.each(['round-robin', 'best-effort', 'equal-share', 'fixed-share'])(
  '%s gives each its due where long packets are stopped at the end of a turn',
  async (scheduler) => {
    const got = await share(scheduler, 'on');
    expect(Math.abs(got.share - 0.5)).toBeLessThan(LOST);
  },
);

it.each(['equal-share', 'fixed-share'])(
  '%s takes what a packet had beyond its slot from later slots',
  async (scheduler) => {
    const got = await share(scheduler, 'off');
    expect(Math.abs(got.share - 0.5)).toBeLessThan(0.1);
  },
);
