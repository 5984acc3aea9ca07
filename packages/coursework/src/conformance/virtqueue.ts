/** VIRTIO 1.3 §2.6 and §3.3.1, what they ask about virtqueues of either layout: each MUST and MUST NOT. */
import { virtioIds, type Conformance } from './clause.ts';

const noReset = 'A queue is reset alone under RING_RESET only, which no device here offers.';

export const virtqueueDevice: Conformance = {
  title: 'Virtqueues of either layout, the device',
  specification: 'VIRTIO 1.3 §2.6',
  clauses: [
    {
      section: '2.6.1.1.1',
      rule: 'Executes requests of a queue that was reset, or notifies of it',
      strength: 'MUST NOT',
      checks: [],
      why: noReset,
    },
    {
      section: '2.6.1.1.1',
      rule: 'Resets all state of a queue that is reset',
      strength: 'MUST',
      checks: [],
      why: noReset,
    },
    {
      section: '2.6.1.2.1',
      rule: 'Follows what the driver has changed of a queue that it enables again',
      strength: 'MUST',
      checks: [],
      why: noReset,
    },
  ],
};

export const virtqueueDriver: Conformance = {
  title: 'Virtqueues of either layout, the driver',
  specification: 'VIRTIO 1.3 §2.6 and §3.3.1',
  clauses: [
    {
      section: '2.6.1.1.2',
      rule: 'Looks whether a queue is reset that it has reset',
      strength: 'MUST',
      checks: [],
      why: noReset,
    },
    {
      section: '2.6.1.2.2',
      rule: 'Sets a queue up anew that it enables again',
      strength: 'MUST',
      checks: [],
      why: noReset,
    },
    {
      section: '3.3.1',
      rule: 'Alters the entries of buffers that the device has',
      strength: 'MUST NOT',
      checks: virtioIds('3.3.1/exposed', '2.8.16/exposed'),
    },
    {
      section: '3.3.1',
      rule: 'Resets the device before it takes buffers back that the device has',
      strength: 'MUST',
      checks: [],
      why: 'A half has no way to take them back. The driver above it resets the device before it frees a queue.',
    },
  ],
};
