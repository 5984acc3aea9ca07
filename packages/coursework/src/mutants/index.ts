/** All mutants, in the order in which they are hunted. */
import type { Mutant } from './mutant.ts';
import { queueMutants } from './queue.ts';

export { mutated, type Mutant } from './mutant.ts';

export const mutants: readonly Mutant[] = [...queueMutants];
