/** What a trace costs a run: its hooks while nobody records, and recording. */
import { profiles, Tracer } from '@doorbell/hypervisor';
import { record, runStack, stackSpec, type RunRequest } from '@doorbell/lab';
import { labEnvironment } from '@doorbell/lab/node';
import { findScene } from '../scene-input.ts';
import type { Benchmark, Meter, Prepared } from './benchmark.ts';

type Context = RunRequest['context'];

const BUNNY: Context = { width: 640, height: 480, frames: 60, seed: 1 };
/** Of the hook, which takes a nanosecond or so. */
const CALLS = 4_000_000;

function bunny(context: Context): RunRequest {
  const [profile] = profiles.values();
  return { spec: stackSpec('native'), scene: findScene('bunny'), context, profile };
}

/** Nanoseconds that `work` takes by the wall. */
async function wallNs(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) * 1e6;
}

/** Of one call of a tracer that is off. */
async function hookNs(): Promise<number> {
  const tracer = new Tracer(() => 0);
  const ns = await wallNs(() => {
    for (let i = 0; i < CALLS; i++) {
      tracer.event('mmioRead', i, 0);
    }
  });
  return ns / CALLS;
}

/** Frames per second. */
function rate({ frames }: Context, ns: number): number {
  return (frames * 1e9) / ns;
}

/** The run as it is, and as it would be without its hooks: one for each event and each crossing. */
export async function prepareHooks(context: Context): Promise<Prepared<Meter>> {
  const { events, crossings } = await record(bunny(context), labEnvironment);
  const calls = events.count + crossings.length;
  let ns = 0;
  return {
    work: {
      rate: async () => {
        ns = await wallNs(() => runStack(bunny(context), labEnvironment));
        return rate(context, ns);
      },
    },
    // Of the run that was just measured: two runs differ by more than the hooks take.
    reference: { rate: async () => rate(context, ns - calls * (await hookNs())) },
  };
}

export function prepareRecording(context: Context): Prepared<Meter> {
  const timed = async (run: typeof record | typeof runStack): Promise<number> =>
    rate(context, await wallNs(() => run(bunny(context), labEnvironment)));
  return {
    work: { rate: () => timed(record) },
    reference: { rate: () => timed(runStack) },
  };
}

export const traceBenchmarks: readonly Benchmark[] = [
  {
    name: 'trace.off',
    unit: 'frame/s',
    against: 'the same run but for its hooks (at least 0.98)',
    rounds: 3,
    prepare: () => prepareHooks(BUNNY),
  },
  {
    name: 'trace.on',
    unit: 'frame/s',
    against: 'the same run, not recorded (at least 0.5)',
    rounds: 3,
    prepare: () => prepareRecording(BUNNY),
  },
];
