/** QEMU's edu and ours. */
import { headerDifferences } from './header-differences.ts';
import type { KnownDifference } from './known-difference.ts';

const device = 'edu';

export const eduDifferences: readonly KnownDifference[] = [
  ...headerDifferences(device),
  {
    id: 'edu/multiple-message-enable',
    device,
    title: 'MSI, Message Control (0x42)',
    where: 'config 0x42',
    bits: [0x70, 0],
    ours: 'Multiple Message Enable keeps what is written.',
    qemu: 'Keeps no more than the function is capable of: 0.',
    why: 'More than is capable is an error of software (PCIe 6.0 §7.7.1.2); the field is RW.',
  },
  {
    id: 'edu/transfer-time',
    device,
    title: 'the time of a transfer',
    where: 'begun at within a millisecond, 100 ms less that',
    values: [3, 2],
    ours: 'A transfer takes 100 ms.',
    qemu: 'It takes 100 ms from the last whole millisecond before it, so up to 1 ms less.',
    why: 'QEMU counts this timer in milliseconds; docs/specs/edu.rst states no time.',
  },
  {
    id: 'edu/transfer-aborted',
    device,
    title: 'Status (0x06) after a transfer without memory',
    where: 'configuration STATUS after DMA with no RAM',
    bits: [0x2000, 0],
    ours: 'Received Master Abort is set when a read reached nothing.',
    qemu: 'Is never set.',
    why: 'A requester sets it when a request ends as unsupported (PCIe 6.0 §7.5.1.1.4).',
  },
  {
    id: 'edu/transfer-refused',
    device,
    title: 'the buffer after a transfer without memory',
    where: [
      'buffer after DMA from no RAM',
      'buffer after DMA from no bus master',
      'buffer after DMA across the end of RAM',
    ],
    values: ['as before', 'zeros came'],
    ours: 'A transfer that the bus refuses leaves the buffer as it is.',
    qemu: 'What no memory answers for becomes 0.',
    why: 'A completion without data brings none (PCIe 6.0 §2.3.2); docs/specs/edu.rst is silent.',
  },
  {
    id: 'edu/transfer-in-part',
    device,
    title: 'RAM after a transfer across its end',
    where: 'RAM after DMA across its end',
    values: ['as before', 'what there is came'],
    ours: 'A transfer is done as a whole or not at all.',
    qemu: 'The part that reaches memory is done.',
    why: 'Requests may be split (PCIe 6.0 §2.2.2), so either may be; no driver should see it.',
  },
];
