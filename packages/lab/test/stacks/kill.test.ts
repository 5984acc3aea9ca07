/** A guest dies among its frames, and another one has the GPU to itself from then on. */
import { profiles, type HostBell, HostBell as Bells } from '@doorbell/hypervisor';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runStack, type RunResult } from '../../src/run.ts';
import { scenes } from '../../src/scenes/index.ts';
import { stackKinds, stackSpec } from '../../src/stack-spec.ts';
import { testEnvironment } from '../environment.ts';

const churn = scenes.get('churn')!;
const context = { width: 64, height: 48, frames: 200, seed: 1 };
const share = { scene: churn, weight: 1, cap: 0 };
const MS = 1e6;

/** Pages of VRAM that a driver of the host has taken, by where they begin. */
const taken = new Set<number>();

beforeEach(() => {
  taken.clear();
  const allocate = Bells.prototype.allocateVram;
  const release = Bells.prototype.releaseVram;
  vi.spyOn(Bells.prototype, 'allocateVram').mockImplementation(function (this: HostBell, pages) {
    const page = allocate.call(this, pages);
    taken.add(page);
    return page;
  });
  vi.spyOn(Bells.prototype, 'releaseVram').mockImplementation(function (this: HostBell, page) {
    taken.delete(page);
    release.call(this, page);
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** One dies after 10 ms, if any does, and one draws four frames meanwhile. */
function run(name: string, frames: number, dies: boolean): Promise<RunResult> {
  return runStack(
    {
      spec: stackSpec(name, { scheduler: 'equal-share' }),
      ...{ scene: churn, context, profile: profiles.get('kvm-x86')! },
      guests: [
        {
          ...{ name: 'dies', context: { ...context, frames }, ...share },
          ...(dies ? { diesAfterNs: 10 * MS } : {}),
        },
        { name: 'lives', context: { ...context, frames: 4 }, ...share },
      ],
    },
    testEnvironment,
  );
}

describe.each([...stackKinds.keys()])('a death on %s', (name) => {
  it('is reported, leaves nothing behind, and is the end of its share', async () => {
    await run(name, 4, false);
    const kept = taken.size;
    taken.clear();
    const { report, stack } = await run(name, context.frames, true);
    const [dies, lives] = report.guests;
    expect(dies.error).toBe('dies died.');
    expect(dies.frames).toBeGreaterThan(0);
    expect(dies.frames).toBeLessThan(context.frames);
    expect(lives.error).toBeUndefined();
    expect(lives.frames).toBe(4);

    const [{ vm, cpu }] = stack!.guests;
    expect(vm?.pins ?? 0).toBe(0);
    expect(cpu.isOff).toBe(name !== 'native');
    expect(taken.size).toBe(kept);
    expect(stack!.bells.some(({ counts }) => counts.hangs > 0)).toBe(false);
  });
});

it('comes too late for a guest that is done', async () => {
  const { report } = await runStack(
    {
      spec: stackSpec('sriov'),
      ...{ scene: churn, context, profile: profiles.get('kvm-x86')! },
      guests: [
        { name: 'done', context: { ...context, frames: 1 }, ...share, diesAfterNs: 1000 * MS },
      ],
    },
    testEnvironment,
  );
  expect(report.guests[0].error).toBeUndefined();
  expect(report.time.virtualNs).toBeLessThan(1000 * MS);
});

it('is an error when there is nobody else', async () => {
  const alone = runStack(
    {
      spec: stackSpec('sriov'),
      ...{ scene: churn, context, profile: profiles.get('kvm-x86')! },
      guests: [{ name: 'dies', context, ...share, diesAfterNs: 1 * MS }],
    },
    testEnvironment,
  );
  await expect(alone).rejects.toThrow('dies died.');
});
