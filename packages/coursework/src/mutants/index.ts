/** All mutants, in the order in which they are hunted. */
import { driverMutants } from './driver.ts';
import { invalidationMutants } from './invalidation.ts';
import { mediationMutants } from './mediation.ts';
import type { Mutant } from './mutant.ts';
import { queueMutants } from './queue.ts';
import { rendererMutants } from './renderer.ts';
import { schedulerMutants } from './scheduler.ts';
import { transportMutants } from './transport.ts';

export { linesOf, mutated, type Mutant } from './mutant.ts';

export const mutants: readonly Mutant[] = [
  ...queueMutants,
  ...driverMutants,
  ...rendererMutants,
  ...schedulerMutants,
  ...invalidationMutants,
  ...mediationMutants,
  ...transportMutants,
];
