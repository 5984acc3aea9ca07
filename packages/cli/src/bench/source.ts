/**
 * A recording whose driver is followed by source line, beside one whose driver is not. Each is in a
 * process of its own, as a driver is instrumented when it is loaded.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Benchmark, Meter, Prepared } from './benchmark.ts';

/** The argument that asks a process to follow its driver. */
const FOLLOWED = 'followed';

interface Runner {
  readonly meter: Meter;
  readonly close: () => Promise<void>;
}

/** @throws Error when the process ends before it is ready, or before it answers. */
async function runner(stack: string, followed: boolean): Promise<Runner> {
  const child = fork(new URL('./source-runner.mjs', import.meta.url), [
    stack,
    ...(followed ? [FOLLOWED] : []),
  ]);
  const ended = once(child, 'exit').then(() => {
    throw new Error(`The recording of ${stack} came to no end.`);
  });
  const answer = async (): Promise<unknown> => {
    const said: readonly unknown[] = await Promise.race([once(child, 'message'), ended]);
    return said[0];
  };
  await answer();
  return {
    meter: {
      rate: async () => {
        child.send('run');
        return Number(await answer());
      },
    },
    close: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

async function prepare(stack: string): Promise<Prepared> {
  const followed = await runner(stack, true);
  const plain = await runner(stack, false);
  return {
    work: followed.meter,
    reference: plain.meter,
    close: async () => {
      await followed.close();
      await plain.close();
    },
  };
}

export const sourceBenchmarks: readonly Benchmark[] = ['native', 'pv'].map((stack) => ({
  name: `source.${stack}`,
  unit: 'frame/s',
  against: 'the same recording without source lines',
  prepare: () => prepare(stack),
}));
