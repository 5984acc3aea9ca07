/** All bugs, by id. */
import { InputError } from '../input-error.ts';
import { nearest } from '../nearest.ts';
import type { StackSpec } from '../stack-spec.ts';
import { bellBugs } from './bell-bugs.ts';
import type { Bug } from './bug.ts';
import { memoryBugs } from './memory-bugs.ts';
import { pciBugs } from './pci-bugs.ts';
import { virtioBugs } from './virtio-bugs.ts';

const hostBugs: readonly Bug[] = [
  {
    id: 'audio-forgotten',
    title: 'The GPU is unbound from its host driver, and cannot be assigned all the same.',
    cause: 'group-not-viable',
    stacks: ['passthrough'],
    hasAudio: true,
  },
];

export const bugs: ReadonlyMap<string, Bug> = new Map(
  [...bellBugs, ...virtioBugs, ...pciBugs, ...memoryBugs, ...hostBugs].map((bug) => [bug.id, bug]),
);

/** @throws InputError that names the nearest. */
export function findBug(id: string): Bug {
  const bug = bugs.get(id);
  if (bug === undefined) {
    throw new InputError(`There is no bug '${id}'; ${nearest(id, [...bugs.keys()])}.`);
  }
  return bug;
}

/** @throws InputError when a stack, with its options, is none that the bug can be had on. */
export function checkFits({ id, stacks }: Bug, { kind, options }: StackSpec): void {
  const fits = stacks.some((stack) => {
    const [name, ...needed] = stack.split(':');
    return (
      name === kind.name &&
      needed.every((pair) => options[pair.split('=')[0]] === pair.split('=')[1])
    );
  });
  if (!fits) {
    throw new InputError(
      `The bug '${id}' is not one of '${kind.name}' with these options: use --stack ${stacks.join(', or ')}.`,
    );
  }
}
