/** The device half of `ring-threads.ts`, in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import type { RingWorkerData } from './ring-threads.ts';
import { ringPair } from './ring.ts';

const { layout, checked, memory, running } = workerData as RingWorkerData;
const pair = ringPair(layout, checked, memory);
parentPort?.postMessage('ready');
for (;;) {
  Atomics.wait(running, 0, 0);
  while (Atomics.load(running, 0) === 1) {
    pair.serve();
  }
}
