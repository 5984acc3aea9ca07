/** Two ends of doorbells in one thread: their loops are told by the test what to do while they wait. */
import { Doorbells, type ThreadLoop } from '../src/doorbells.ts';

export const testLoop: ThreadLoop = {
  settle: () => new Promise((resolve) => process.nextTick(resolve)),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

export function threadEnds(loop = testLoop) {
  const words = Doorbells.allocate();
  return {
    driver: new Doorbells(words, 'driver', loop),
    device: new Doorbells(words, 'device', loop),
  };
}

export function rungQueues(doorbells: Doorbells, queues: number): number[] {
  const rung: number[] = [];
  doorbells.eachRung(queues, (queue) => rung.push(queue));
  return rung;
}
