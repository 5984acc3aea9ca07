/** All mutants, in the order in which they are hunted. */
import { deviceMutants } from './device.ts';
import { driverMutants } from './driver.ts';
import { frontendMutants } from './frontend.ts';
import type { Mutant } from './mutant.ts';
import { queueMutants } from './queue.ts';
import { rendererMutants } from './renderer.ts';
import { schedulerMutants } from './scheduler.ts';

export { linesOf, mutated, type Mutant } from './mutant.ts';

export const mutants: readonly Mutant[] = [
  ...queueMutants,
  ...driverMutants,
  ...rendererMutants,
  ...schedulerMutants,
  ...deviceMutants,
  ...frontendMutants,
];
