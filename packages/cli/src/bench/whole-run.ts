/** A whole run of one stack, beside the engines alone on the same frames, captured and hashed alike. */
import { profiles } from '@doorbell/hypervisor';
import {
  Monitor,
  runStack,
  stackKinds,
  stackSpec,
  type RunRequest,
  type Scene,
} from '@doorbell/lab';
import { labEnvironment } from '../lab-environment.ts';
import { findScene } from '../scene-input.ts';
import type { Benchmark, Prepared } from './benchmark.ts';
import { EngineGpu } from './engine-gpu.ts';

type Context = RunRequest['context'];

/** Draws the frames on the engines alone; the last one is returned. */
async function engineFrames(scene: Scene, context: Context): Promise<Uint8Array> {
  const monitor = new Monitor(labEnvironment.sha256());
  const gpu = new EngineGpu(monitor);
  const run = await scene.setup(gpu, context);
  for (let frame = 0; frame < context.frames; frame++) {
    await run.frame(frame);
  }
  await run.close();
  await gpu.close();
  return shown(monitor);
}

async function stackFrames(stack: string, scene: Scene, context: Context): Promise<Uint8Array> {
  const [profile] = profiles.values();
  const { monitor } = await runStack(
    { spec: stackSpec(stack), scene, context, profile },
    labEnvironment,
  );
  return shown(monitor);
}

function shown({ picture }: Monitor): Uint8Array {
  return picture?.pixels ?? new Uint8Array(0);
}

/** @throws Error when the two draw different pixels: their times would not compare. */
export async function prepareRun(stack: string, scene: Scene, context: Context): Promise<Prepared> {
  const seen = await stackFrames(stack, scene, context);
  const expected = await engineFrames(scene, context);
  if (Buffer.compare(seen, expected) !== 0) {
    throw new Error(`The engines alone drew other pixels than ${stack}.`);
  }
  return {
    work: { units: context.frames, async: true, run: () => stackFrames(stack, scene, context) },
    reference: { units: context.frames, async: true, run: () => engineFrames(scene, context) },
  };
}

export const wholeRunBenchmarks: readonly Benchmark[] = [...stackKinds.keys()].map((stack) => ({
  name: `compare.${stack}`,
  unit: 'frame/s',
  against: 'the engines alone',
  rounds: 5,
  prepare: () =>
    prepareRun(stack, findScene('bunny'), {
      width: 640,
      height: 480,
      frames: 60,
      seed: 1,
    }),
}));
