/** All bugs, by id. */
import { InputError } from '../input-error.ts';
import { nearest } from '../nearest.ts';
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
