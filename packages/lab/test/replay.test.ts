/**
 * A checkpoint in the middle of a run, and what was recorded from there on, give the same machine
 * again: state, pictures, time, and the same events. Without the code that drove it.
 */
import { profiles, Recorder, Replay, type Tracer } from '@doorbell/hypervisor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GuestRequest, RunRequest } from '../src/frames.ts';
import { runStack } from '../src/run.ts';
import { buildStack } from '../src/stacks/index.ts';
import { alone, loadStack, saveStack, type Stack, type StackState } from '../src/stacks/stack.ts';
import { parseStacks } from '../src/stack-spec.ts';
import { scenes } from '../src/scenes/index.ts';
import { Monitor } from '../src/monitor.ts';
import { firstDifference } from './difference.ts';
import { testEnvironment } from './environment.ts';

const profile = profiles.get('kvm-x86')!;
const FRAMES = 3;

interface Checkpoint {
  readonly state: StackState;
  /** Rows recorded before it. */
  readonly at: number;
}

/** @param died  when the first of several guests dies, in nanoseconds. */
function requestOf(text: string, scene: string, guests: number, died?: number): RunRequest {
  const [spec] = parseStacks(text);
  const drawing = {
    scene: scenes.get(scene)!,
    context: { width: 64, height: 48, frames: FRAMES, seed: 1 },
  };
  const each = Array.from({ length: guests }, (_, index): GuestRequest => ({
    ...drawing,
    name: `guest${index}`,
    weight: 1,
    cap: 0,
    ...(index === 0 && died !== undefined ? { diesAfterNs: died } : {}),
  }));
  return { spec, profile, ...drawing, guests: each };
}

/** Runs a scene and takes checkpoints: at each of these parts, 0 to 1, of the rows that it records. */
async function record(request: RunRequest, parts: readonly number[]) {
  const whole = await recorded(request, []);
  const cuts = parts.map((part) => Math.floor(whole.recorder.length * part));
  return recorded(request, cuts);
}

async function recorded(request: RunRequest, cuts: readonly number[]) {
  const recorder = new Recorder();
  const checkpoints: Checkpoint[] = [];
  const wanted = [...cuts];
  const { stack, monitors } = await runStack(
    {
      ...request,
      onStack: (made) => {
        const { machine } = made.host;
        machine.tracer.recording = true;
        machine.recorder = recorder;
        recorder.onCrossing = () => {
          if (recorder.length >= wanted[0]) {
            wanted.shift();
            checkpoints.push({ state: saveStack(made), at: recorder.length });
          }
        };
      },
    },
    testEnvironment,
  );
  const { tracer } = stack!.host.machine;
  return { recorder, checkpoints, tracer, end: saveStack(stack!), ...{ monitors } };
}

function built({ spec, guests = [] }: RunRequest) {
  const monitors = guests.map(() => new Monitor(testEnvironment.sha256()));
  const stack = buildStack(spec.kind.name, {
    ...{ profile, options: spec.options },
    guests: monitors.flatMap((monitor) => alone(monitor)),
  });
  stack.host.machine.tracer.recording = true;
  return { stack, monitors };
}

function replayed(stack: Stack, { state, at }: Checkpoint, recorder: Recorder, to?: number) {
  loadStack(stack, state);
  new Replay(stack.host.machine).run(recorder, at, to);
  return saveStack(stack);
}

/** The first event of a replay that is not what it was. */
function firstOther(again: Tracer, was: Tracer): unknown {
  for (const event of again) {
    const original = was.at(event.id);
    if (firstDifference(event, original) !== undefined) {
      return { event, original };
    }
  }
  return again.count === was.count ? undefined : `${again.count} events, not ${was.count}`;
}

const severalGuests = ['native', 'passthrough', 'sriov', 'mdev', 'emulated', 'pv', 'pv-assisted'];

describe('Replay', () => {
  it.each([
    ...severalGuests.flatMap(
      (stack) =>
        [
          [stack, 1],
          [stack, 3],
        ] as const,
    ),
    ['passthrough:viommu=strict', 1],
    ['passthrough:viommu=deferred', 1],
    ['mdev:shadow=strict', 1],
    ['pv:ring=packed:notify=event-idx', 1],
    ['pv:renderer=software', 2],
    ['pv:notify=poll', 1],
  ] as const)('%s, %i guests: from anywhere in a run to the same end', async (text, guests) => {
    const part = fc.double({ min: 0.05, max: 0.9, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('triangle', 'churn', 'image'),
        fc.tuple(part, part),
        async (scene, parts) => {
          const request = requestOf(text, scene, guests);
          const { recorder, checkpoints, tracer, monitors, end } = await record(
            request,
            parts.toSorted((a, b) => a - b),
          );
          expect(checkpoints).toHaveLength(2);
          for (const checkpoint of checkpoints) {
            const again = built(request);
            const state = replayed(again.stack, checkpoint, recorder);
            expect(firstOther(again.stack.host.machine.tracer, tracer)).toBeUndefined();
            expect(firstDifference(state, end)).toBeUndefined();
            again.monitors.forEach(({ picture }, index) => {
              expect(picture ?? monitors[index].picture).toEqual(monitors[index].picture);
            });
          }
        },
      ),
      { numRuns: 1 },
    );
  });

  it.each(['native', 'passthrough', 'mdev', 'pv', 'pv-assisted'])(
    '%s: a guest that dies in the middle of its work',
    async (text) => {
      const request = requestOf(text, 'triangle', 2, 300_000);
      const { recorder, checkpoints, tracer, end } = await record(request, [0.3]);
      const { stack } = built(request);
      const state = replayed(stack, checkpoints[0], recorder);
      expect(firstOther(stack.host.machine.tracer, tracer)).toBeUndefined();
      expect(firstDifference(state, end)).toBeUndefined();
    },
  );

  it.each(['passthrough:viommu=strict', 'mdev', 'pv', 'pv-assisted'])(
    '%s: back and forth in the same stack, from each checkpoint to the next',
    async (text) => {
      const request = requestOf(text, 'churn', 1);
      const { recorder, checkpoints, end } = await record(request, [0.02, 0.3, 0.5, 0.7]);
      const { stack } = built(request);
      for (const index of [2, 0, 3, 1, 0, 2, 1, 3]) {
        const next = checkpoints.at(index + 1);
        const state = replayed(stack, checkpoints[index], recorder, next?.at);
        expect(firstDifference(state, next?.state ?? end)).toBeUndefined();
      }
    },
  );
});
