/** A project of this project's own: the window of deferred invalidation, sold for time. */
import type { ProjectPart } from '../part.ts';
import { invalidationOf } from './invalidation.ts';

const argument = `
With an IOMMU of its own, a guest tells it of every buffer that its driver unmaps, and each time is
an exit. This part lets what was unmapped wait in a queue, and tells the IOMMU to forget the whole
domain, once, when the queue is full or 10 ms after its first entry. So there is an exit for many
buffers in the place of one for each. The price is that window: until then a device that is broken, or
hostile, still reaches memory that may belong to somebody else by now. IOVAs are not given out again
before, so no other mapping is ever confused with an old one. Exits that map buffers stay, one for
each: caching mode asks for them.`;

export const project: ProjectPart = {
  kind: 'project',
  name: 'deferred',
  part: invalidationOf('deferred'),
  stack: 'passthrough:viommu=own',
  against: 'passthrough:viommu=strict',
  scene: 'churn',
  frames: 16,
  argument,
};
