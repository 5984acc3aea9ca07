import { profiles, type Profile } from '@doorbell/hypervisor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainRun } from '../../src/explain/run.ts';
import { nothingSaid } from '../../src/explain/explanation.ts';
import type { GuestRequest } from '../../src/frames.ts';
import { scenes } from '../../src/scenes/index.ts';
import { testEnvironment } from '../environment.ts';
import { explained, smallRequest } from './explained.ts';

/** A GPU that draws so many times slower. */
function slower(times: number): Profile {
  const profile = profiles.get('kvm-x86')!;
  const pixel = profile.constants['engine.pixel'];
  const constants = { ...profile.constants };
  constants['engine.pixel'] = { ...pixel, value: pixel.value * times };
  return { ...profile, name: 'slow', constants };
}

/** Runs hogs that wait for each other for long; counts the waits that ran into their time limits. */
async function hogs(stack: string, guests: number, times: number) {
  const base = smallRequest({ stack, scene: 'hog', profile: slower(times) });
  const guest = (_: unknown, index: number): GuestRequest => ({
    ...{ name: `guest${index}`, weight: 256, cap: 0 },
    ...{ scene: base.scene, context: base.context },
  });
  let silences = 0;
  const explanation = await explainRun(
    {
      ...base,
      guests: Array.from({ length: guests }, guest),
      onStack: ({ host: { machine } }) => {
        const witness = machine.onSymptom;
        machine.onSymptom = (symptom) => {
          silences++;
          witness?.(symptom);
        };
      },
    },
    testEnvironment,
  );
  return { explanation, silences };
}

describe('a healthy run is not called stuck', () => {
  it.each([
    ['native', 4, 1500],
    ['passthrough', 1, 1500],
    ['mdev', 4, 1500],
    ['pv', 4, 1500],
  ])('%s, with %i guests whose waits take longer than a driver is patient', async (...run) => {
    const { explanation, silences } = await hogs(...run);
    expect(explanation).toEqual(nothingSaid);
    expect(silences > 0 || run[1] === 1).toBe(true);
  });

  it('while a driver polls for as long as it is patient', async () => {
    const { explanation } = await hogs('pv:notify=poll', 1, 120);
    expect(explanation).toEqual(nothingSaid);
  }, 30_000);

  it('whatever the stack, the scene and the price list', async () => {
    const stacks = ['native', 'passthrough', 'sriov', 'mdev', 'emulated', 'pv', 'pv-assisted'];
    const options = [
      'pv:ring=packed',
      'pv:notify=poll',
      'mdev:shadow=strict',
      'emulated:vram=trap',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          stack: fc.constantFrom(...stacks, ...options),
          scene: fc.constantFrom(...scenes.keys()),
          profile: fc.constantFrom(...profiles.values()),
          frames: fc.integer({ min: 1, max: 2 }),
          seed: fc.nat(1000),
        }),
        async (run) => {
          expect(await explained(run)).toEqual(nothingSaid);
        },
      ),
      { numRuns: 5 },
    );
  }, 30_000);
});
