/** VIRTIO 1.3 §5.7, what it asks of the driver. */
import type { Conformance } from './clause.ts';

const id = (name: string): string => `virtio-1.3/${name}`;
const noBlobs =
  'A driver that gives a Gpu need not use blobs, and ours does not, but for channels on the stack pv-assisted.';

export const gpuDriver: Conformance = {
  title: 'The driver of a virtio-gpu',
  specification: 'VIRTIO 1.3 §5.7',
  clauses: [
    {
      section: '5.7.4.1',
      rule: 'Writes to events_read',
      strength: 'MUST NOT',
      checks: [id('5.7.4.1/events-read')],
    },
    {
      section: '5.7.6.6',
      rule: 'Makes and fills the resource of a cursor before it uses it, with a fence',
      strength: 'MUST',
      checks: [],
      why: 'A Gpu has no cursor: a driver need not use the cursor queue.',
    },
    {
      section: '5.7.6.8',
      rule: 'Asks for capsets below num_capsets alone',
      strength: 'MUST',
      checks: [id('5.7.6.8/capset-index')],
    },
    {
      section: '5.7.6.8',
      rule: 'Says by blob_mem what memory a blob has',
      strength: 'MUST',
      checks: [],
      why: noBlobs,
    },
    {
      section: '5.7.6.8',
      rule: 'blob_mem is not 0',
      strength: 'MUST',
      checks: [],
      why: noBlobs,
    },
    {
      section: '5.7.6.8',
      rule: 'Says by blob_flags what a blob is used for',
      strength: 'MUST',
      checks: [],
      why: noBlobs,
    },
    {
      section: '5.7.6.8',
      rule: 'SET_SCANOUT_BLOB has one of the formats that there are',
      strength: 'MUST',
      checks: [],
      why: noBlobs,
    },
    {
      section: '5.7.6.9',
      rule: 'Maps a blob that is mapped',
      strength: 'MUST NOT',
      checks: [],
      why: noBlobs,
    },
  ],
};
