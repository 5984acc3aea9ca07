/** VIRTIO 1.3 §2.8, what it asks of the device: each MUST and MUST NOT. */
import { virtioIds, type Conformance } from './clause.ts';

export const packedDevice: Conformance = {
  title: 'The device half of a packed virtqueue',
  specification: 'VIRTIO 1.3 §2.8',
  kind: 'packed-queue',
  clauses: [
    {
      section: '2.8.12',
      rule: 'Begins with descriptors in the order of the ring',
      strength: 'MUST',
      checks: virtioIds('2.8.12/order', '2.8.1/list-wraps'),
    },
    {
      section: '2.8.12',
      rule: 'Begins to write used descriptors in the order in which they are done',
      strength: 'MUST',
      checks: virtioIds('2.8.12/completion'),
    },
    {
      section: '2.8.15',
      rule: 'Writes to a buffer that it is to read',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.6/list', '2.8.7/write-ignored'),
      why: 'The half says which buffers may be written; who writes them is the device, checked as the virtio-gpu of a scene.',
    },
    {
      section: '2.8.15',
      rule: 'Uses a descriptor whose AVAIL bit has not changed',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.15/avail-unchanged', '2.8.1/old-lap', '2.8.2/empty'),
    },
    {
      section: '2.8.15',
      rule: 'Changes a descriptor once it has changed its USED bit',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.15/used-once', '2.8.2/flags-last'),
    },
    {
      section: '2.8.18',
      rule: 'Uses the descriptors of a list in the order in which they are chained',
      strength: 'MUST',
      checks: virtioIds('2.8.6/list', '2.8.1/list-wraps'),
    },
  ],
};
