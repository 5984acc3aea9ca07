/**
 * The same across two threads: the driver half here, the device half in a worker over shared
 * memory. Both poll. Worth something only where two cores are free.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Benchmark, Prepared, Work } from './benchmark.ts';
import { BUFFER_BYTES, MEMORY_BYTES, type RingPair } from './ring-pair.ts';
import { ringPair, type RingLayout } from './ring.ts';

const CHAINS = 16_384;
const POLLS_PER_LOOK = 1 << 20;
const PATIENCE_MS = 10_000;

/** What the worker is handed. While `running[0]` is 0 it sleeps. */
export interface RingWorkerData {
  readonly layout: RingLayout;
  readonly checked: boolean;
  readonly memory: SharedArrayBuffer;
  readonly running: Int32Array;
}

interface Threads {
  readonly work: Work;
  readonly close: () => Promise<unknown>;
}

async function acrossThreads(
  layout: RingLayout,
  checked: boolean,
  batch: number,
): Promise<Threads> {
  const memory = new SharedArrayBuffer(MEMORY_BYTES);
  const running = new Int32Array(new SharedArrayBuffer(4));
  const workerData: RingWorkerData = { layout, checked, memory, running };
  const worker = new Worker(new URL('./ring-worker.mjs', import.meta.url), { workerData });
  await once(worker, 'message');
  const work = cycles(ringPair(layout, checked, memory), running, batch);
  return { work, close: () => worker.terminate() };
}

function cycles(pair: RingPair, running: Int32Array, batch: number): Work {
  return {
    units: CHAINS,
    run: () => {
      Atomics.store(running, 0, 1);
      Atomics.notify(running, 0);
      try {
        for (let done = 0; done < CHAINS; done += batch) {
          pair.submit(batch);
          collectAll(pair, batch * BUFFER_BYTES[2]);
        }
      } finally {
        Atomics.store(running, 0, 0);
      }
    },
  };
}

/** @throws Error when the other thread does not answer. */
function collectAll(pair: RingPair, expected: number): void {
  let bytes = 0;
  let started = 0;
  for (let polls = 1; bytes < expected; polls++) {
    bytes += pair.collect();
    if (polls % POLLS_PER_LOOK === 0) {
      started ||= performance.now();
      if (performance.now() - started > PATIENCE_MS) {
        throw new Error('The worker of the ring benchmark does not answer.');
      }
    }
  }
}

function ring(layout: RingLayout, batch: number): Benchmark {
  return {
    name: `ring.${layout}.threads.${batch}`,
    unit: 'chains/s',
    against: 'the same cycle, unchecked',
    prepare: async (): Promise<Prepared> => {
      const checked = await acrossThreads(layout, true, batch);
      const unchecked = await acrossThreads(layout, false, batch);
      return {
        work: checked.work,
        reference: unchecked.work,
        close: async () => {
          await checked.close();
          await unchecked.close();
        },
      };
    },
  };
}

export const ringThreadBenchmarks: readonly Benchmark[] = [
  ring('split', 1),
  ring('split', 64),
  ring('packed', 1),
  ring('packed', 64),
];
