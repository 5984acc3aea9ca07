/** A whole run of one stack, beside the engines alone on the same frames, captured and hashed alike. */
import { profiles } from '@doorbell/hypervisor';
import {
  Monitor,
  runStack,
  SoftwareRenderer,
  stackKinds,
  stackSpec,
  type RunRequest,
  type Scene,
} from '@doorbell/lab';
import { labEnvironment } from '@doorbell/lab/node';
import { findScene } from '../scene-input.ts';
import type { Benchmark, Prepared, Work } from './benchmark.ts';

type Context = RunRequest['context'];

const MEMORY_BYTES = 128 << 20;
/** What engines take in virtual time, which nobody asks for here. */
const NO_TIME = {
  ...{ packet: 0, fillByte: 0, copyByte: 0, blitPixel: 0 },
  ...{ vertex: 0, triangle: 0, pixel: 0, tlbMiss: 0 },
};

/** Draws the frames on the engines alone; the last one is returned. */
async function engineFrames(scene: Scene, context: Context): Promise<Uint8Array> {
  const monitor = new Monitor(labEnvironment.sha256());
  const gpu = new SoftwareRenderer({ display: monitor, memoryBytes: MEMORY_BYTES, rates: NO_TIME });
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

/**
 * A stack beside another one, or beside the engines alone.
 * @throws Error when the two draw different pixels: their times would not compare.
 */
export async function prepareRun(
  stack: string,
  scene: Scene,
  context: Context,
  against?: string,
): Promise<Prepared<Work>> {
  const run = (): Promise<Uint8Array> => stackFrames(stack, scene, context);
  const reference = (): Promise<Uint8Array> =>
    against === undefined ? engineFrames(scene, context) : stackFrames(against, scene, context);
  if (Buffer.compare(await run(), await reference()) !== 0) {
    throw new Error(`${against ?? 'The engines alone'} drew other pixels than ${stack}.`);
  }
  return {
    work: { units: context.frames, async: true, run },
    reference: { units: context.frames, async: true, run: reference },
  };
}

const BUNNY = { width: 640, height: 480, frames: 60, seed: 1 };
const shared = { unit: 'frame/s', rounds: 5 };

export const wholeRunBenchmarks: readonly Benchmark[] = [
  ...[...stackKinds.keys()].map((stack) => ({
    ...shared,
    name: `compare.${stack}`,
    against: 'the engines alone',
    prepare: () => prepareRun(stack, findScene('bunny'), BUNNY),
  })),
  {
    ...shared,
    name: 'pv.inline',
    against: 'native',
    prepare: () => prepareRun('pv', findScene('bunny'), BUNNY, 'native'),
  },
];
