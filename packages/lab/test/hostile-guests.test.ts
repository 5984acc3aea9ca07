/**
 * Guests that do what harm they can, among guests that do not: the machine goes on, each honest
 * guest has the frames of its solo run, waits no longer for the engines than the policy says
 * (docs/mechanisms/schedulers.md), and nothing of a guest that died stays.
 */
import { bellBars, channelRegisters, channelWindow } from '@doorbell/abi';
import { profiles, schedulers, type GpuSharing } from '@doorbell/hypervisor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GuestRequest } from '../src/frames.ts';
import { runStack } from '../src/run.ts';
import type { Scene } from '../src/scene.ts';
import { scenes } from '../src/scenes/index.ts';
import { stackSpec } from '../src/stack-spec.ts';
import type { Stack } from '../src/stacks/stack.ts';
import { testEnvironment } from './environment.ts';
import { hostileScene } from './hostile-scenes.ts';
import { watchWaits, type Worst } from './longest-waits.ts';

const profile = profiles.get('kvm-x86')!;
const HONEST = ['triangle', 'churn', 'nop', 'clear', 'hog'];
const STACKS = ['native', 'passthrough', 'sriov', 'mdev', 'emulated', 'pv', 'pv-assisted'];
/** Needs nothing but the Gpu API. A process on bare metal has no registers, and no quota of memory. */
const BY_API = ['hang', 'wait', 'hog'];
const BY_DEVICE = [...BY_API, 'hoard', 'flood', 'ring', 'registers', 'garbage', 'flr'];
const CONTROL = channelRegisters.rows.CONTROL;
const MS = 1e6;
/** Those that draw go on for long; the others do what they do in the first. */
const HOSTILE_FRAMES = 24;

interface Honest {
  readonly scene: string;
  readonly weight: number;
  readonly cap: number;
}

interface Hostile {
  readonly mischief: string;
  readonly weight: number;
  readonly diesAfterNs: number;
}

interface Mix {
  readonly stack: string;
  readonly scheduler: string;
  readonly preempt: string;
  readonly honest: readonly Honest[];
  readonly hostile: readonly Hostile[];
  readonly seed: number;
}

const weight = fc.integer({ min: 1, max: 16 });
const mixes: fc.Arbitrary<Mix> = fc.constantFrom(...STACKS).chain((stack) =>
  fc.record({
    stack: fc.constant(stack),
    scheduler: fc.constantFrom(...schedulers.keys()),
    preempt: fc.constantFrom('on', 'off'),
    honest: fc.array(
      fc.record({
        scene: fc.constantFrom(...HONEST),
        weight,
        cap: fc.constantFrom(0, 0, 30, 100),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    hostile: fc.array(
      fc.record({
        mischief: fc.constantFrom(...(stack === 'native' ? BY_API : BY_DEVICE)),
        weight,
        // While the drivers are loaded, among the first frames, or long after.
        diesAfterNs: fc.oneof(
          fc.integer({ min: 1, max: 5 * MS }),
          fc.integer({ min: 1, max: 400 * MS }),
        ),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    seed: fc.integer({ min: 1, max: 1 << 20 }),
  }),
);

const context = (seed: number, frames: number) => ({ width: 64, height: 48, frames, seed });

interface Outcome {
  readonly stack: Stack;
  readonly guests: readonly { readonly sha256: string; readonly error?: string }[];
  /** By guest. */
  readonly worst: readonly Worst[];
}

async function run(mix: Mix): Promise<Outcome> {
  const { scheduler, preempt, seed } = mix;
  let stack!: Stack;
  let worst: readonly Worst[] = [];
  const guests: GuestRequest[] = [
    ...mix.honest.map(({ scene, ...share }, index) => ({
      ...{ name: `honest${index}`, scene: scenes.get(scene)!, context: context(seed, 3) },
      ...share,
    })),
    ...mix.hostile.map(({ mischief, ...share }, index) => ({
      ...{ name: `hostile${index}`, context: context(seed + index, HOSTILE_FRAMES), cap: 0 },
      scene: sceneOf(mischief, () => stack.guests[mix.honest.length + index]),
      ...share,
    })),
  ];
  const { report } = await runStack(
    {
      spec: stackSpec(mix.stack, { scheduler, preempt }),
      ...{ scene: guests[0].scene, context: guests[0].context, profile, guests },
      onStack: (made) => {
        stack = made;
        worst = watchAll(made);
      },
    },
    testEnvironment,
  );
  return { stack, guests: report.guests, worst };
}

function sceneOf(mischief: string, guest: () => Stack['guests'][number]): Scene {
  const device = () => guest().computer.device(guest().bdf);
  return mischief === 'hog' ? scenes.get('hog')! : hostileScene(mischief, device);
}

/** By guest, whichever GPU it shares. */
function watchAll({ host, guests }: Stack): readonly Worst[] {
  const bySharing = new Map<GpuSharing, readonly Worst[]>();
  return guests.map(({ gpu }) => {
    const { sharing, tenant } = gpu!;
    const worst = bySharing.get(sharing) ?? watchWaits(sharing, guests.length, host.machine);
    bySharing.set(sharing, worst);
    return worst[tenant];
  });
}

const solos = new Map<string, Promise<string>>();

function solo(scene: string, seed: number): Promise<string> {
  const key = `${scene} ${seed}`;
  const known = solos.get(key) ?? soloHash(scene, seed);
  solos.set(key, known);
  return known;
}

async function soloHash(scene: string, seed: number): Promise<string> {
  const { report } = await runStack(
    {
      spec: stackSpec('native'),
      scene: scenes.get(scene)!,
      ...{ context: context(seed, 3), profile },
    },
    testEnvironment,
  );
  return report.guests[0].sha256;
}

/**
 * The longest that one with work may wait, as the table of docs/mechanisms/schedulers.md has it. A turn is
 * a slice and the packet that outlasts it; the engines take in another's context at the start of it.
 */
function mostWait(mix: Mix, others: readonly Worst[], own: Worst, capped: boolean): number {
  const switchNs = profile.constants['engine.tenantSwitch'].value;
  const excess = others.reduce((sum, { packetNs }) => sum + packetNs + switchNs, switchNs);
  const tenants = others.length + 1;
  switch (mix.scheduler) {
    case 'round-robin':
      return others.length * 1 * MS + excess;
    case 'best-effort':
      return others.length * 2 * MS + excess;
    case 'equal-share':
    case 'fixed-share':
      // A round; and one for each slot that it sits out, because its last packet took so many.
      return (tenants * 2 * MS + excess) * (1 + Math.ceil(own.packetNs / (2 * MS)));
    case 'weighted':
      // Whoever has just started goes first for 2 s; then a second, with what its end finds running.
      return 3000 * MS + excess;
    default:
      // credit: others have a slice each, and what it owes, a slice at most, it earns by its weight.
      return (tenants * 30 * MS + excess) * (capped ? 100 / 30 : 1) + 30 * MS * 17 * tenants;
  }
}

/** Numbers of channels that are on. */
function channelsOn({ bells }: Stack): readonly number[] {
  return bells.flatMap((bell) =>
    Array.from({ length: 128 }, (_, number) => number).filter((number) => {
      const at = channelWindow.base + number * channelWindow.stride + CONTROL.offset;
      const control = bell.barRead(bellBars.REGISTERS.index, at, 4);
      return (control & CONTROL.bits.ENABLE.mask) !== 0 && control !== 0xffffffff;
    }),
  );
}

async function check(mix: Mix): Promise<void> {
  const { stack, guests, worst } = await run(mix);
  for (const [index, { scene, cap }] of mix.honest.entries()) {
    expect(guests[index].error).toBeUndefined();
    expect(guests[index].sha256).toBe(await solo(scene, mix.seed));
    const isAlone = mix.stack === 'passthrough';
    const others = isAlone ? [] : worst.filter((_, other) => other !== index);
    const most = mostWait(mix, others, worst[index], cap > 0 && cap < 100);
    // An alarm comes a nanosecond later at the least.
    expect(worst[index].waitNs).toBeLessThanOrEqual(most + worst.length);
  }
  for (const [index, { vm, cpu }] of stack.guests.entries()) {
    // One that came to its end before it was to die has let go of its device, and not of its memory.
    if (guests[index].error?.endsWith(' died.') === true) {
      expect(vm?.pins ?? 0).toBe(0);
      expect(cpu.pending).toEqual([]);
    }
  }
  expect(channelsOn(stack)).toEqual(mix.stack === 'pv-assisted' ? [0] : []);
}

describe('hostile guests', () => {
  it('harm nobody, whatever the mix', async () => {
    await fc.assert(fc.asyncProperty(mixes, check), { numRuns: 20 });
  });
});
