/** Stepping through a recorded run: a jump to any event, and a step back. */
import { profiles } from '@doorbell/hypervisor';
import { playerOf, record, stackSpec, type RunRecording } from '@doorbell/lab';
import { labEnvironment } from '@doorbell/lab/node';
import { findScene } from '../scene-input.ts';
import type { Benchmark, Prepared, Work } from './benchmark.ts';

const BUNNY = { width: 640, height: 480, frames: 60, seed: 1 };
/** Jumps go to events that are so many apart, which is prime to any count of them. */
const STRIDE = 7919;

function bunny(stack: string, frames: number): Promise<RunRecording> {
  const [profile] = profiles.values();
  const context = { ...BUNNY, frames };
  return record(
    { spec: stackSpec(stack), scene: findScene('bunny'), context, profile },
    labEnvironment,
  );
}

/** A run of one frame takes as long as drawing it; stepping is to take less than 300 and 30 ms. */
function beside(
  recording: RunRecording,
  stack: string,
  next: (last: number) => number,
): Prepared<Work> {
  const player = playerOf(recording, labEnvironment);
  let at = recording.events.count;
  const run = async (): Promise<unknown> => {
    at = next(at);
    return player.state(at);
  };
  return {
    work: { units: 1, async: true, run },
    reference: { units: 1, async: true, run: () => bunny(stack, 1) },
  };
}

/** @param frames  of the recording. */
export async function prepareJump(stack: string, frames: number): Promise<Prepared<Work>> {
  const recording = await bunny(stack, frames);
  const { count } = recording.events;
  return beside(recording, stack, (last) => 1 + ((last + STRIDE) % count));
}

/** @param frames  of the recording. */
export async function prepareStepBack(stack: string, frames: number): Promise<Prepared<Work>> {
  const recording = await bunny(stack, frames);
  const { count } = recording.events;
  return beside(recording, stack, (last) => (last <= 1 ? count : last - 1));
}

const shared = { against: 'a run of one frame', rounds: 5 };

export const stepBenchmarks: readonly Benchmark[] = ['native', 'mdev', 'pv'].flatMap((stack) => [
  {
    ...{ ...shared, name: `step.jump.${stack}`, unit: 'jump/s' },
    prepare: () => prepareJump(stack, BUNNY.frames),
  },
  {
    ...{ ...shared, name: `step.back.${stack}`, unit: 'step/s' },
    prepare: () => prepareStepBack(stack, BUNNY.frames),
  },
]);
