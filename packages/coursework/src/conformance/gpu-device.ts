/** VIRTIO 1.3 §5.7, what it asks of the device. */
import type { Conformance } from './clause.ts';

const id = (name: string): string => `virtio-1.3/${name}`;
const noSharedMemory =
  'A device without its transport shows no shared memory. Ours has some on the stack pv-assisted alone.';

export const gpuDevice: Conformance = {
  title: 'A virtio-gpu',
  specification: 'VIRTIO 1.3 §5.7',
  clauses: [
    {
      section: '5.7.5',
      rule: 'Has shared memory regions of the ids 0 and 1 alone',
      strength: 'MUST',
      checks: [],
      why: noSharedMemory,
    },
    {
      section: '5.7.5',
      rule: 'Knows RESOURCE_MAP_BLOB and RESOURCE_UNMAP_BLOB where there is host visible memory',
      strength: 'MUST',
      checks: [],
      why: noSharedMemory,
    },
    {
      section: '5.7.6.5',
      rule: 'Has done what a fenced command asks before it returns it',
      strength: 'MUST',
      checks: ['after-work', 'after-earlier-work', 'transfer-over'].map((name) =>
        id(`5.7.6.5/${name}`),
      ),
    },
    {
      section: '5.7.6.7',
      rule: 'Answers a fenced command with the flag and its fence_id, and when it is over',
      strength: 'MUST',
      checks: ['5.7.6.7/fence-copied', '5.7.6.5/after-work', '5.7.6.5/after-earlier-work'].map(id),
    },
    {
      section: '5.7.6.7',
      rule: 'Answers, with a fence of a ring of a context, all before it on that ring',
      strength: 'MUST',
      checks: [id('5.7.6.7/timeline')],
    },
    {
      section: '5.7.6.8',
      rule: 'Has capsets of the five ids that are listed alone',
      strength: 'MUST',
      checks: [],
      why: 'Ours breaks this clause on purpose: its capsets, 48 and 49, are of this project, with ids that Linux takes and nobody else has.',
    },
    {
      section: '5.7.6.8',
      rule: 'Makes a blob of the host’s memory from the object of its context that blob_id names',
      strength: 'MUST',
      checks: [],
      why: 'Contexts of `bell` have no objects beside resources: ours makes such blobs of channels alone, on the stack pv-assisted.',
    },
    {
      section: '5.7.6.9',
      rule: 'CTX_CREATE makes a context of the id that the header has',
      strength: 'MUST',
      checks: [id('5.7.6.9/context-for-capset'), id('5.7.6.9/context-ids')],
    },
    {
      section: '5.7.6.9',
      rule: 'A context of a capset does what streams of that capset say',
      strength: 'MUST',
      checks: [id('5.7.6.9/context-for-capset'), id('5.7.6.9/context-capsets')],
    },
  ],
};
