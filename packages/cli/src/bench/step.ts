/** Stepping through a recorded run: a jump to any event, and a step back. */
import { profiles } from '@doorbell/hypervisor';
import { playerOf, record, stackSpec, type RunRecording } from '@doorbell/lab';
import { labEnvironment } from '@doorbell/lab/node';
import { findScene } from '../scene-input.ts';
import type { Benchmark, Limited, Prepared, Work } from './benchmark.ts';

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

/** What a jump and a step back may take, in milliseconds. */
const JUMP_MS = 300;
const BACK_MS = 30;
/** Jumps in a round; and steps back behind each. */
const JUMPS = 20;
const STEPS = 20;

/** A run of one frame takes as long as drawing it. */
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

interface Worst {
  readonly jump: number;
  readonly back: number;
}

/** The worst of the jumps of a round, and of the steps back from where they end. */
function worstOf(recording: RunRecording, jumps: number): () => Promise<Worst> {
  const player = playerOf(recording, labEnvironment);
  const { count } = recording.events;
  let at = count;
  const ms = async (event: number): Promise<number> => {
    const began = performance.now();
    await player.state(event);
    return performance.now() - began;
  };
  return async () => {
    let worst: Worst = { jump: 0, back: 0 };
    for (let jump = 0; jump < jumps; jump++) {
      at = 1 + ((at + STRIDE) % count);
      worst = { ...worst, jump: Math.max(worst.jump, await ms(at)) };
      for (let event = at - 1; event > Math.max(0, at - 1 - STEPS); event--) {
        worst = { ...worst, back: Math.max(worst.back, await ms(event)) };
      }
    }
    return worst;
  };
}

/** @param frames  of the recording. @param jumps  in a round. */
export async function prepareWorst(
  stack: string,
  which: keyof Worst,
  frames = BUNNY.frames,
  jumps = JUMPS,
): Promise<Limited> {
  const worst = worstOf(await bunny(stack, frames), jumps);
  return {
    limitMs: which === 'jump' ? JUMP_MS : BACK_MS,
    worstMs: async () => (await worst())[which],
  };
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
  {
    ...{ name: `step.jump.worst.${stack}`, unit: 'ms', rounds: 3 },
    against: `the limit of ${JUMP_MS} ms for any jump (at most 1)`,
    prepare: () => prepareWorst(stack, 'jump'),
  },
  {
    ...{ name: `step.back.worst.${stack}`, unit: 'ms', rounds: 3 },
    against: `the limit of ${BACK_MS} ms for any step back (at most 1)`,
    prepare: () => prepareWorst(stack, 'back'),
  },
]);
