/** VIRTIO 1.3 §2.1 to §2.6, §2.10 and §6, what they ask of a device, without legacy interfaces. */
import type { Conformance } from './clause.ts';

const id = (name: string): string => `virtio-1.3/${name}`;

export const virtioDevice: Conformance = {
  title: 'The device half of virtio',
  specification: 'VIRTIO 1.3 §2.1 to §2.6, §2.10 and §6',
  clauses: [
    {
      section: '2.1.2',
      rule: 'Consumes a buffer, or notifies of one that was used, before DRIVER_OK',
      strength: 'MUST NOT',
      checks: [
        '2.1.2/idle-before-driver-ok',
        '3.1.1/no-live-without-features-ok',
        '3.1.1/already-available',
      ].map(id),
    },
    {
      section: '2.1.2',
      rule: 'Tells of DEVICE_NEEDS_RESET by a configuration change notification, once DRIVER_OK is set',
      strength: 'MUST',
      checks: [id('2.1.2/needs-reset-notifies')],
    },
    {
      section: '2.2.2',
      rule: 'Offers a feature without one that it needs',
      strength: 'MUST NOT',
      checks: [id('2.2.2/offers-dependencies')],
    },
    {
      section: '2.2.2',
      rule: 'Leaves FEATURES_OK clear when it cannot work with what the driver accepted',
      strength: 'MUST',
      checks: ['refuses-not-offered', 'refuses-without-dependency'].map((name) =>
        id(`2.2.2/${name}`),
      ),
    },
    {
      section: '2.2.2',
      rule: 'Offers bits that it could not serve: unknown, reserved, or not of this transport or kind',
      strength: 'MUST NOT',
      checks: [id('2.2.2/offers-known')],
    },
    {
      section: '2.4.1',
      rule: 'Sets the status to 0 when it is reset',
      strength: 'MUST',
      checks: [id('2.4.1/status-0')],
    },
    {
      section: '2.4.1',
      rule: 'Notifies, or touches a queue, between a reset and the next initialization',
      strength: 'MUST NOT',
      checks: [id('2.4.1/silent'), id('2.4.1/queues-disabled')],
    },
    {
      section: '2.5.2',
      rule: 'Lets each field of the configuration be read before FEATURES_OK',
      strength: 'MUST',
      checks: [id('2.5.2/readable-before-features-ok'), id('2.5.2/any-part')],
    },
    {
      section: '2.6.1.1.1',
      rule: 'Executes a request of a queue that was reset, or notifies for it',
      strength: 'MUST NOT',
      checks: [id('2.6.1.1.1/queue-reset-silent')],
    },
    {
      section: '2.6.1.1.1',
      rule: 'Puts all state of a queue that is reset back to what it was at first',
      strength: 'MUST',
      checks: [id('2.6.1.1.1/queue-reset-silent'), id('2.6.1.2.1/queue-anew')],
    },
    {
      section: '2.6.1.2.1',
      rule: 'Takes what the driver has changed of a queue before it enabled it again',
      strength: 'MUST',
      checks: [id('2.6.1.2.1/queue-anew')],
    },
    {
      section: '2.10.2',
      rule: 'Has shared memory that controls the device, or streams data',
      strength: 'MUST NOT',
      checks: [],
      why: 'A device without its transport shows no shared memory. Ours has some on the stack pv-assisted alone: doorbell pages of the hardware, which is more than this clause allows.',
    },
    {
      section: '6.2',
      rule: 'Offers VIRTIO_F_VERSION_1',
      strength: 'MUST',
      checks: [id('6.2/version-1')],
    },
    {
      section: '6.2',
      rule: 'Uses buffers in the order in which they came, with VIRTIO_F_IN_ORDER',
      strength: 'MUST',
      checks: [],
      why: 'A virtio-gpu does not: what is fenced waits, and ours does not offer it. The order of a queue is checked as `2.7.9/in-order` of the kind `queue`.',
    },
    {
      section: '6.2',
      rule: 'Offers VIRTIO_F_SR_IOV without the PCI capability',
      strength: 'MUST NOT',
      checks: [id('6.2/no-sr-iov')],
    },
  ],
};
