/** All mutants, in the order in which they are hunted. */
import { deviceMutants } from './device.ts';
import { driverMutants } from './driver.ts';
import { invalidationMutants } from './invalidation.ts';
import { driverQueueMutants } from './driver-queue.ts';
import { frontendMutants } from './frontend.ts';
import { mediationMutants } from './mediation.ts';
import type { Mutant } from './mutant.ts';
import { packedDriverQueueMutants } from './packed-driver-queue.ts';
import { packedQueueMutants } from './packed-queue.ts';
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
  ...packedQueueMutants,
  ...driverQueueMutants,
  ...packedDriverQueueMutants,
  ...deviceMutants,
  ...frontendMutants,
  ...mediationMutants,
  ...transportMutants,
];
