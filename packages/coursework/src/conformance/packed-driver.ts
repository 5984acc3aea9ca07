/** VIRTIO 1.3 §2.8, what it asks of the driver: each MUST and MUST NOT. */
import { virtioIds, type Conformance } from './clause.ts';

/** Of a limit that a device may have besides the size of its queue. */
const noLimit =
  'A virtio-gpu has no limit of its own, so that the size of the queue is the limit: the clause beside this one.';

export const packedDriver: Conformance = {
  title: 'The driver half of a packed virtqueue',
  specification: 'VIRTIO 1.3 §2.8',
  kind: 'packed-driver-queue',
  clauses: [
    {
      section: '2.8.11',
      rule: 'Places each part of a queue at a multiple of its alignment',
      strength: 'MUST',
      checks: virtioIds('2.8.11/aligned'),
    },
    {
      section: '2.8.16',
      rule: 'Changes a descriptor whose USED bit has not changed',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.16/exposed', '2.8.17/room'),
    },
    {
      section: '2.8.16',
      rule: 'Changes a descriptor once it has changed its AVAIL bit',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.16/flags-once', '2.8.16/exposed'),
    },
    {
      section: '2.8.16',
      rule: 'Notifies with the place of the next descriptor',
      strength: 'MUST',
      checks: [],
      why: 'A place goes with a notification under NOTIFICATION_DATA alone, which no device here offers.',
    },
    {
      section: '2.8.17',
      rule: 'Makes a list that is longer than the device allows',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.17/longer-than-queue'),
      why: noLimit,
    },
    {
      section: '2.8.17',
      rule: 'Makes a list that is longer than the queue',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.17/longer-than-queue'),
    },
    {
      section: '2.8.17',
      rule: 'Puts what the device writes behind what it reads',
      strength: 'MUST',
      checks: virtioIds('2.8.17/writable-last'),
    },
    {
      section: '2.8.17',
      rule: 'Needs the device to use descriptors before it can write out all of a list',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.17/room'),
    },
    {
      section: '2.8.17',
      rule: 'Has room for all of a list before its first descriptor is available',
      strength: 'MUST',
      checks: virtioIds('2.8.17/room', '2.8.17/whole-ring'),
    },
    {
      section: '2.8.17',
      rule: 'Makes the first descriptor of a list available before the others',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.17/head-last', '2.8.1/flags'),
    },
    {
      section: '2.8.19',
      rule: 'Sets INDIRECT without INDIRECT_DESC',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.19/indirect-unasked'),
    },
    {
      section: '2.8.19',
      rule: 'Sets a flag but WRITE within a table',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.19/indirect'),
    },
    {
      section: '2.8.19',
      rule: 'Makes a chain that is longer than the device allows',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.17/longer-than-queue'),
      why: noLimit,
    },
    {
      section: '2.8.19',
      rule: 'Puts what refers to a table into a list that is chained by NEXT',
      strength: 'MUST NOT',
      checks: virtioIds('2.8.19/indirect', '2.8.7/tables-apart'),
    },
    {
      section: '2.8.21.1.1',
      rule: 'Has a barrier before the store of flags',
      strength: 'MUST',
      checks: virtioIds('2.8.21.1.1/barrier', '2.8.17/head-last'),
    },
    {
      section: '2.8.21.3.1',
      rule: "Has a barrier before the load of the device's event flags",
      strength: 'MUST',
      checks: virtioIds('2.8.21.3.1/barrier'),
    },
  ],
};
