/** VIRTIO 1.3 §2.7, what it asks of the driver: each MUST and MUST NOT. */
import { virtioIds, type Conformance } from './clause.ts';

export const splitDriver: Conformance = {
  title: 'The driver half of a split virtqueue',
  specification: 'VIRTIO 1.3 §2.7',
  kind: 'driver-queue',
  clauses: [
    {
      section: '2.7.1',
      rule: 'Places each part of a queue at a multiple of its alignment',
      strength: 'MUST',
      checks: virtioIds('2.7.1/aligned'),
    },
    {
      section: '2.7.4.2',
      rule: 'Puts what the device writes behind what it reads',
      strength: 'MUST',
      checks: virtioIds('2.7.4.2/writable-last'),
    },
    {
      section: '2.7.5.2',
      rule: 'Adds a chain of more than 2^32 bytes; so none with a loop',
      strength: 'MUST NOT',
      checks: virtioIds('2.7.5.2/bytes', '2.7.5.2/apart', '2.7.5.1/scribbled'),
    },
    {
      section: '2.7.5.2',
      rule: 'Has the next of a descriptor be the one behind it, round the table, with IN_ORDER',
      strength: 'MUST',
      checks: virtioIds('2.7.5.2/in-order-next'),
    },
    {
      section: '2.7.5.3.1',
      rule: 'Sets INDIRECT without INDIRECT_DESC',
      strength: 'MUST NOT',
      checks: virtioIds('2.7.5.3.1/indirect-unasked'),
    },
    {
      section: '2.7.5.3.1',
      rule: 'Sets INDIRECT within a table',
      strength: 'MUST NOT',
      checks: virtioIds('2.7.5.3.1/indirect', '2.7.5.3/tables-apart'),
    },
    {
      section: '2.7.5.3.1',
      rule: 'Makes a chain that is longer than the queue',
      strength: 'MUST NOT',
      checks: virtioIds('2.7.5.3.1/longer-than-queue'),
    },
    {
      section: '2.7.5.3.1',
      rule: 'Sets INDIRECT and NEXT together',
      strength: 'MUST NOT',
      checks: virtioIds('2.7.5.3.1/indirect', '2.7.5.3/tables-apart'),
    },
    {
      section: '2.7.5.3.1',
      rule: 'Has the descriptors of a table follow each other, with IN_ORDER',
      strength: 'MUST',
      checks: virtioIds('2.7.5.3.1/in-order-table'),
    },
    {
      section: '2.7.6.1',
      rule: 'Moves the available idx back',
      strength: 'MUST NOT',
      checks: virtioIds('2.7.6.1/no-way-back', '2.7.13.3/wraps'),
    },
    {
      section: '2.7.7.1',
      rule: 'Sets flags to 0 or 1, without EVENT_IDX',
      strength: 'MUST',
      checks: virtioIds('2.7.7.1/no-interrupt'),
    },
    {
      section: '2.7.7.1',
      rule: 'Sets flags to 0, with EVENT_IDX',
      strength: 'MUST',
      checks: virtioIds('2.7.7.1/used-event'),
    },
    {
      section: '2.7.7.1',
      rule: 'Bears notifications that mean nothing',
      strength: 'MUST',
      checks: virtioIds('2.7.7.1/spurious'),
    },
    {
      section: '2.7.8.3',
      rule: 'Takes anything for granted of a buffer behind the bytes that were written',
      strength: 'MUST NOT',
      checks: virtioIds('2.7.8.3/length'),
      why: 'The half tells how many bytes were written; who reads no more of them is the driver above it.',
    },
    {
      section: '2.7.10.1',
      rule: 'Begins with flags of the used ring at 0',
      strength: 'MUST',
      checks: [],
      why: "The half is given memory that is zeroed: who allocates it keeps this, and the used ring is the device's from then on.",
    },
    {
      section: '2.7.10.1',
      rule: 'Ignores avail_event, without EVENT_IDX',
      strength: 'MUST',
      checks: virtioIds('2.7.10.1/driver-flags-0'),
    },
    {
      section: '2.7.10.1',
      rule: 'Notifies while flags is 0, without EVENT_IDX',
      strength: 'MUST',
      checks: virtioIds('2.7.10.1/driver-flags-0', '2.7.13.4.1/barrier-flags'),
    },
    {
      section: '2.7.10.1',
      rule: 'Ignores the lower bit of flags, with EVENT_IDX',
      strength: 'MUST',
      checks: virtioIds('2.7.10.1/avail-event'),
    },
    {
      section: '2.7.10.1',
      rule: 'Notifies when avail_event is passed, with EVENT_IDX',
      strength: 'MUST',
      checks: virtioIds(
        '2.7.10.1/avail-event',
        '2.7.10.1/avail-event-in-batch',
        '2.7.10.1/avail-event-wraps',
      ),
    },
    {
      section: '2.7.13.3.1',
      rule: 'Has a barrier before the store of idx',
      strength: 'MUST',
      checks: virtioIds('2.7.13.3.1/barrier'),
    },
    {
      section: '2.7.13.4.1',
      rule: 'Has a barrier before the load of flags or avail_event',
      strength: 'MUST',
      checks: virtioIds('2.7.13.4.1/barrier-flags', '2.7.13.4.1/barrier-event-idx'),
    },
  ],
};
