/** A project of this project's own: shadow page tables that follow late, and all at once. */
import type { ProjectPart } from '../part.ts';
import { mediationOf } from './mediation.ts';

const argument = `
A guest of the stack mdev writes page tables for its GPU, which walks a shadow of them. With
shadow=strict every page that holds a table is write-protected, so each store of the guest's driver
to an entry is an exit: hundreds of them in a frame. This part traps none of these stores. It reads
all of the guest's tables when the guest may expect that a change has its effect, which the datasheet
says is at a flush and at a submission, and follows whatever is others then. What that costs is a
comparison of whole tables, in which most entries have not changed, and a window: between the store
and the flush the GPU may still use what the guest has unmapped, as it may on bare metal.`;

export const project: ProjectPart = {
  kind: 'project',
  name: 'lazy',
  part: mediationOf('lazy'),
  stack: 'mdev:shadow=own',
  against: 'mdev:shadow=strict',
  scene: 'bunny',
  frames: 4,
  argument,
};
