/** What waits are for, on runs of one guest and of several. */
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { StepShell } from '../../src/step/shell.ts';
import { record } from '../../src/trace/record.ts';
import type { Recording } from '../../src/trace/recording.ts';
import { waitParts, type WaitParts } from '../../src/trace/wait-parts.ts';
import { testEnvironment } from '../environment.ts';

function recorded(stack: string, guests: number): Promise<Recording> {
  const [spec] = parseStacks(stack);
  const context = { width: 64, height: 64, frames: 2, seed: 1 };
  const drawing = { scene: scenes.get('triangle')!, context, weight: 1, cap: 0 };
  return record(
    {
      ...{ spec, profile: profiles.get('kvm-x86')!, ...drawing },
      guests: Array.from({ length: guests }, (_, index) => ({ ...drawing, name: `g${index}` })),
    },
    testEnvironment,
  );
}

function sum(parts: ReadonlyMap<number, WaitParts>, key: keyof WaitParts): number {
  return [...new Set(parts.values())].reduce((total, each) => total + each[key], 0);
}

describe('the parts of a wait', () => {
  it.each([
    ['native', 1],
    ['passthrough', 2],
    ['mdev', 2],
    ['pv', 3],
  ] as const)('%s, %i guests: they are all of it, and none is negative', async (stack, guests) => {
    const recording = await recorded(stack, guests);
    const parts = waitParts(recording);
    expect(parts.size).toBeGreaterThan(0);
    for (const { ns, engineNs, translationNs, scheduleNs, restNs } of parts.values()) {
      expect(engineNs + scheduleNs + restNs).toBe(ns);
      expect(translationNs).toBeLessThanOrEqual(engineNs);
      expect(Math.min(engineNs, translationNs, scheduleNs, restNs)).toBeGreaterThanOrEqual(0);
    }
    expect(sum(parts, 'engineNs')).toBeGreaterThan(0);
  });

  it('stand behind others only where a GPU is shared', async () => {
    expect(sum(waitParts(await recorded('native', 1)), 'scheduleNs')).toBe(0);
    expect(sum(waitParts(await recorded('passthrough', 2)), 'scheduleNs')).toBe(0);
    expect(sum(waitParts(await recorded('native', 3)), 'scheduleNs')).toBeGreaterThan(0);
  });

  it('has walks where an IOMMU is on, and none where it is off', async () => {
    expect(sum(waitParts(await recorded('native', 1)), 'translationNs')).toBeGreaterThan(0);
    expect(sum(waitParts(await recorded('native:iommu=off', 1)), 'translationNs')).toBe(0);
  });

  it('are not told where several device models share what they run on', async () => {
    expect(waitParts(await recorded('emulated', 1)).size).toBeGreaterThan(0);
    expect(waitParts(await recorded('emulated', 2)).size).toBe(0);
  });

  it('are said where a wait stands', async () => {
    const shell = new StepShell([await recorded('native', 1)], testEnvironment);
    await shell.run('/ wait  data');
    expect((await shell.run('where')).lines).toContainEqual(
      expect.stringMatching(/of \d+ ns its packets ran \d+ \(IOMMU walks \d+\), stood behind/),
    );
  });
});
