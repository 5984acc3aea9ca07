/** TDR: a guest's draw never ends; the watchdog resets its channel, and everybody goes on. */
import { GpuError } from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { runStack } from '../src/run.ts';
import type { Scene } from '../src/scene.ts';
import { scenes } from '../src/scenes/index.ts';
import { stackKinds, stackSpec } from '../src/stack-spec.ts';
import { testEnvironment } from './environment.ts';
import { hang } from './hostile-scenes.ts';
import { watchWaits, type Worst } from './longest-waits.ts';

const profile = profiles.get('kvm-x86')!;
const triangle = scenes.get('triangle')!;
const churn = scenes.get('churn')!;
const context = { width: 64, height: 48, frames: 4, seed: 1 };
const WATCHDOG_NS = 200e6;
const SLICE_NS = 1e6;

/** A triangle whose second frame is preceded by a hang, which it is told. */
function hanging(told: unknown[]): Scene {
  return {
    ...triangle,
    setup: async (gpu, wanted) => {
      const run = await triangle.setup(gpu, wanted);
      return {
        ...run,
        frame: async (index) => {
          if (index === 1) {
            await hang(gpu).catch((error: unknown) => told.push(error));
          }
          await run.frame(index);
        },
      };
    },
  };
}

async function solo(scene: Scene): Promise<string> {
  const { report } = await runStack(
    { spec: stackSpec('native'), scene, context, profile },
    testEnvironment,
  );
  return report.guests[0].sha256;
}

describe.each([...stackKinds.keys()])('a hang on %s', (name) => {
  it('is told to its guest, which goes on; others wait as long as the watchdog, once', async () => {
    const told: unknown[] = [];
    let worst: readonly Worst[] = [];
    const share = { context, weight: 1, cap: 0 };
    const { report } = await runStack(
      {
        spec: stackSpec(name),
        ...{ scene: triangle, context, profile },
        guests: [
          { name: 'hangs', scene: hanging(told), ...share },
          { name: 'honest', scene: churn, ...share },
        ],
        onStack: ({ guests }) => {
          worst = watchWaits(guests[1].gpu!.sharing, 2);
        },
      },
      testEnvironment,
    );
    expect(told.map((error) => error instanceof GpuError && error.code)).toEqual([
      // virtio-gpu answers with ERR_UNSPEC, whatever became of the work (VIRTIO 1.3 §5.7.6.7).
      name === 'pv' ? 'fault' : 'hang',
    ]);
    expect(report.counts.hangs).toBe(1);
    const [hangs, honest] = report.guests;
    expect([hangs.error, honest.error]).toEqual([undefined, undefined]);
    expect(hangs.sha256).toBe(await solo(triangle));
    expect(honest.sha256).toBe(await solo(churn));

    const shared = name !== 'passthrough';
    const { waitNs } = worst[shared ? 1 : 0];
    const switches = 2 * profile.constants['engine.tenantSwitch'].value;
    expect(waitNs).toBeLessThanOrEqual(shared ? SLICE_NS + WATCHDOG_NS + switches : 0);
  });
});

it('is not counted where nothing hung', async () => {
  const { report } = await runStack(
    { spec: stackSpec('native'), scene: triangle, context, profile },
    testEnvironment,
  );
  expect(report.counts.hangs).toBe(0);
});
