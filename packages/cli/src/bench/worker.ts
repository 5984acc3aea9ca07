/** A doorbell to a backend in a thread and its answer, beside Atomics.wait and notify alone. */
import { Worker } from 'node:worker_threads';
import { workerProgram } from '@doorbell/pv-backend/node';
import { hostClock, startWorkerBackend, type WorkerBackend } from '@doorbell/pv-frontend/node';
import type { Benchmark, Prepared, Work } from './benchmark.ts';

const ROUND_TRIPS = 200;

async function prepare(): Promise<Prepared> {
  const backend = await startWorkerBackend({
    program: workerProgram,
    device: new URL('./doorbell-echo.ts', import.meta.url).href,
    ram: new SharedArrayBuffer(4096),
    display: { flip: () => {} },
  });
  const words = new Int32Array(new SharedArrayBuffer(8));
  const thread = new Worker(new URL('./ping-pong.mjs', import.meta.url), {
    workerData: words.buffer,
  });
  return {
    work: await doorbells(backend),
    reference: pingPong(words),
    close: async () => {
      await backend.close();
      await thread.terminate();
    },
  };
}

async function doorbells({ transport }: WorkerBackend): Promise<Work> {
  let answers = 0;
  const waiting = hostClock().waitQueue();
  const setup = { size: 64, descriptors: 0, driver: 1024, device: 2048 };
  await transport.enableQueue(0, setup, () => {
    answers++;
    waiting.wake();
  });
  return {
    units: ROUND_TRIPS,
    async: true,
    run: async () => {
      for (let trip = 0; trip < ROUND_TRIPS; trip++) {
        const before = answers;
        transport.notify(0);
        await waiting.until(() => answers !== before, 'queue');
      }
    },
  };
}

function pingPong(words: Int32Array<SharedArrayBuffer>): Work {
  return {
    units: ROUND_TRIPS,
    run: () => {
      for (let trip = 0; trip < ROUND_TRIPS; trip++) {
        const before = Atomics.load(words, 1);
        Atomics.add(words, 0, 1);
        Atomics.notify(words, 0);
        Atomics.wait(words, 1, before);
      }
    },
  };
}

export const workerBenchmarks: readonly Benchmark[] = [
  {
    name: 'worker.roundtrip',
    unit: 'roundtrip/s',
    against: 'Atomics.wait and notify alone',
    prepare,
  },
];
