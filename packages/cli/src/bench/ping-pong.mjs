// The other end of bare Atomics: word 0 is rung here, word 1 is the answer; a negative word 0 ends it.
import { workerData } from 'node:worker_threads';

const words = new Int32Array(workerData);
for (let seen = 0; seen >= 0;) {
  Atomics.wait(words, 0, seen);
  seen = Atomics.load(words, 0);
  Atomics.store(words, 1, seen);
  Atomics.notify(words, 1);
}
