/**
 * A checkpoint in the middle of a frame, and what crossed the driver's ports from there on, give
 * the same machine again: state, pixels, time. Without the driver.
 */
import { profiles, Recorder, Replay } from '@doorbell/hypervisor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStack } from '../src/run.ts';
import { buildStack } from '../src/stacks/index.ts';
import { alone, loadStack, saveStack, type Stack } from '../src/stacks/stack.ts';
import { parseStacks, type StackSpec } from '../src/stack-spec.ts';
import { scenes } from '../src/scenes/index.ts';
import { Monitor } from '../src/monitor.ts';
import { firstDifference } from './difference.ts';
import { testEnvironment } from './environment.ts';

const profile = profiles.get('kvm-x86')!;
const FRAMES = 3;

interface Checkpoint {
  readonly state: ReturnType<typeof saveStack>;
  /** Crossings recorded before it. */
  readonly at: number;
}

/** Runs a scene and takes a checkpoint at the given crossings after the first frame began. */
async function record(spec: StackSpec, scene: string, cuts: readonly number[]) {
  const recorder = new Recorder();
  const checkpoints: Checkpoint[] = [];
  let running: Stack | undefined;
  const wanted = [...cuts];
  const add = recorder.add.bind(recorder);
  let begun = 0;
  recorder.add = (...crossing) => {
    add(...crossing);
    const due = wanted[0];
    const inProgress = crossing[0] === 'beginHandler';
    if (
      !inProgress &&
      running !== undefined &&
      begun > 0 &&
      due !== undefined &&
      recorder.length - begun >= due
    ) {
      wanted.shift();
      checkpoints.push({ state: saveStack(running), at: recorder.length });
    }
  };
  const { stack, monitor } = await runStack(
    {
      spec,
      scene: scenes.get(scene)!,
      context: { width: 64, height: 48, frames: FRAMES, seed: 1 },
      profile,
      onStack: (made) => {
        running = made;
        made.guests[0].computer.record(recorder);
      },
      onFrame: (frame) => {
        if (frame === 1) {
          begun = recorder.length;
        }
      },
    },
    testEnvironment,
  );
  return { recorder, checkpoints, end: saveStack(stack!), picture: monitor.picture };
}

function replay(spec: StackSpec, checkpoint: Checkpoint, recorder: Recorder) {
  const monitor = new Monitor(testEnvironment.sha256());
  const stack = buildStack(spec.kind.name, {
    profile,
    options: spec.options,
    guests: alone(monitor),
  });
  loadStack(stack, checkpoint.state);
  const [{ computer, gpu }] = stack.guests;
  new Replay(computer).run(recorder, checkpoint.at);
  // As the run's host does, which is behind no port.
  gpu?.sharing.leave(gpu.tenant);
  return { end: saveStack(stack), picture: monitor.picture };
}

describe('Replay', () => {
  it.each([
    'native',
    'passthrough',
    'passthrough:viommu=strict',
    'passthrough:viommu=deferred',
    'sriov',
    'mdev',
    'mdev:shadow=strict',
    'emulated',
  ])('%s: from anywhere in a frame to the same end', { timeout: 60_000 }, async (text) => {
    const [spec] = parseStacks(text);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('triangle', 'churn', 'image'),
        fc.nat(40),
        async (scene, cut) => {
          const { recorder, checkpoints, end, picture } = await record(spec, scene, [cut]);
          const [checkpoint] = checkpoints;
          if (checkpoint === undefined) {
            throw new Error('The scene crosses its ports less often than that.');
          }
          const again = replay(spec, checkpoint, recorder);
          expect(again.picture).toEqual(picture);
          expect(firstDifference(again.end, end)).toBeUndefined();
        },
      ),
      { numRuns: 6 },
    );
  });
});
