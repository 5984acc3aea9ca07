/** VIRTIO 1.3 §2.1 to §2.6, §3 and §6, what they ask of a driver, without legacy interfaces. */
import type { Conformance } from './clause.ts';

const id = (name: string): string => `virtio-1.3/${name}`;
const port =
  'The port of a transport reads several bytes as one generation: its caller has no loop.';
const noQueueReset =
  'Our driver resets devices, and no single queue: VIRTIO_F_RING_RESET is not accepted.';

export const virtioDriver: Conformance = {
  title: 'The driver half of virtio',
  specification: 'VIRTIO 1.3 §2.1 to §2.6, §3 and §6',
  clauses: [
    {
      section: '2.1.1',
      rule: 'Sets the bit of each step of the initialization in the status',
      strength: 'MUST',
      checks: [id('3.1.1/sequence'), id('3.1.1/goes-live')],
    },
    {
      section: '2.1.1',
      rule: 'Clears a bit of the status',
      strength: 'MUST NOT',
      checks: [id('2.1.1/never-clears')],
    },
    {
      section: '2.1.1',
      rule: 'Resets a device after FAILED before it tries it again',
      strength: 'MUST',
      checks: [id('2.1.1/reset-after-failed'), id('2.1.1/again-after-failed')],
    },
    {
      section: '2.2.1',
      rule: 'Accepts a feature that was not offered',
      strength: 'MUST NOT',
      checks: [id('2.2.1/offered-only')],
    },
    {
      section: '2.2.1',
      rule: 'Accepts a feature without one that it needs',
      strength: 'MUST NOT',
      checks: [id('2.2.1/dependencies'), id('2.2.1/without-virgl')],
    },
    {
      section: '2.2.1',
      rule: 'Looks whether what is offered makes sense',
      strength: 'MUST',
      checks: [id('2.2.1/dependencies'), id('2.2.1/gives-up')],
    },
    {
      section: '2.2.1',
      rule: 'Overlooks bits that are unknown, reserved, or not of this transport or kind',
      strength: 'MUST',
      checks: [id('2.2.1/ignores-others')],
    },
    {
      section: '2.2.1',
      rule: 'Accepts one of those',
      strength: 'MUST NOT',
      checks: [id('2.2.1/ignores-others')],
    },
    {
      section: '2.2.1',
      rule: 'Sets FAILED and stops, without a feature that it cannot do without',
      strength: 'MUST',
      checks: [id('2.2.1/gives-up')],
    },
    {
      section: '2.2.1',
      rule: 'Fails because an unknown feature is offered',
      strength: 'MUST NOT',
      checks: [id('2.2.1/ignores-others')],
    },
    {
      section: '2.5.1',
      rule: 'Takes reads of more than 32 bits, or of several fields, for one',
      strength: 'MUST NOT',
      checks: [],
      why: port,
    },
    {
      section: '2.5.1',
      rule: 'Looks for the feature of a field that is optional before it reads it',
      strength: 'MUST',
      checks: [],
      why: 'The configuration of a virtio-gpu has no optional fields.',
    },
    {
      section: '2.5.1',
      rule: 'Refuses a configuration that is larger than it knows',
      strength: 'MUST NOT',
      checks: [],
      why: 'The port of a transport does not tell how large the configuration is.',
    },
    {
      section: '2.6.1.1.2',
      rule: 'Looks whether a queue that it resets has been reset',
      strength: 'MUST',
      checks: [],
      why: noQueueReset,
    },
    {
      section: '2.6.1.2.2',
      rule: 'Sets a queue up as at first when it enables it again',
      strength: 'MUST',
      checks: [],
      why: noQueueReset,
    },
    {
      section: '3.1.1',
      rule: 'Initializes a device in the order of the specification',
      strength: 'MUST',
      checks: ['reset-first', 'sequence', 'goes-live', 'found-live', 'queues-before-driver-ok'].map(
        (name) => id(`3.1.1/${name}`),
      ),
    },
    {
      section: '3.1.1',
      rule: 'Writes the configuration while it chooses features',
      strength: 'MUST NOT',
      checks: [id('3.1.1/no-config-write')],
    },
    {
      section: '3.1.1',
      rule: 'Accepts features after FEATURES_OK',
      strength: 'MUST NOT',
      checks: [id('3.1.1/features-once')],
    },
    {
      section: '3.1.1',
      rule: 'Goes on when a step has failed',
      strength: 'MUST NOT',
      checks: ['stops-when-refused', 'refused', 'silent-in-probe'].map((name) =>
        id(`3.1.1/${name}`),
      ),
    },
    {
      section: '3.1.1',
      rule: 'Notifies the device before DRIVER_OK',
      strength: 'MUST NOT',
      checks: [id('3.1.1/no-early-notify')],
    },
    {
      section: '3.3.1',
      rule: 'Changes entries of buffers that the device has, while their queue is live',
      strength: 'MUST NOT',
      checks: [id('3.3.1/unaltered')],
    },
    {
      section: '3.3.1',
      rule: 'Resets the device before it takes buffers back that it was given',
      strength: 'MUST',
      checks: ['3.3.1/exposed', '3.3.1/removed-while-busy', '2.1.1/reset-at-the-end'].map(id),
    },
    {
      section: '6.1',
      rule: 'Accepts VIRTIO_F_VERSION_1 when it is offered',
      strength: 'MUST',
      checks: [id('6.1/version-1')],
    },
    {
      section: '6.1',
      rule: 'Has the IOMMU translate what it gives the device, with VIRTIO_F_ACCESS_PLATFORM',
      strength: 'MUST',
      checks: [id('6.1/reach')],
    },
    {
      section: '6.1',
      rule: 'Gives the device physical addresses, without VIRTIO_F_ACCESS_PLATFORM',
      strength: 'MUST',
      checks: [],
      why: 'A driver gives what its DMA port gives it. Whether that is physical is decided by whoever makes the ports: without an IOMMU it is.',
    },
    {
      section: '6.1',
      rule: 'Uses barriers for hardware, with VIRTIO_F_ORDER_PLATFORM',
      strength: 'MUST',
      checks: [],
      why: 'Our driver does not accept it. Its barriers are those of the memory port, which are the same for both.',
    },
    {
      section: '6.1',
      rule: 'Accepts VIRTIO_F_SR_IOV of a device without the PCI capability',
      strength: 'MUST NOT',
      checks: [id('6.1/no-sr-iov')],
    },
    {
      section: '6.1',
      rule: 'Agrees on VIRTIO_F_SR_IOV before it enables virtual functions',
      strength: 'MUST',
      checks: [],
      why: 'The driver of a virtio-gpu enables no virtual functions.',
    },
  ],
};
