/** The stacks by name: what differs between them is in these files, and nowhere else. */
import { emulated } from './emulated.ts';
import { mdev } from './mdev.ts';
import { native } from './native.ts';
import { passthrough } from './passthrough.ts';
import { pvAssisted } from './pv-assisted.ts';
import { pv } from './pv.ts';
import { sriov } from './sriov.ts';
import type { Stack, StackParts } from './stack.ts';

const builders: ReadonlyMap<string, (parts: StackParts) => Stack> = new Map([
  ['native', native],
  ['passthrough', passthrough],
  ['sriov', sriov],
  ['mdev', mdev],
  ['emulated', emulated],
  ['pv', pv],
  ['pv-assisted', pvAssisted],
]);

export function buildStack(name: string, parts: StackParts): Stack {
  const build = builders.get(name);
  if (build === undefined) {
    throw new RangeError(`There is no stack '${name}'.`);
  }
  return build(parts);
}
