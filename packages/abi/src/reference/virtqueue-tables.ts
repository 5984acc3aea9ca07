/** Tables of the two layouts of a virtqueue. */
import {
  availRing,
  AVAIL_NO_INTERRUPT,
  descFlags,
  eventFlags,
  eventSuppress,
  MAX_INDIRECT,
  MAX_QUEUE_SIZE,
  packedDesc,
  queueAlignment,
  splitDesc,
  usedElem,
  usedRing,
  USED_NO_NOTIFY,
} from '../virtqueue.ts';
import { blocks, hex, table } from './markdown.ts';
import { structTable } from './register-tables.ts';

const flagDoc: Readonly<Record<keyof typeof descFlags, string>> = {
  NEXT: 'The chain goes on.',
  WRITE: 'The device writes the buffer; otherwise it only reads it.',
  INDIRECT: 'The buffer is a table of descriptors.',
  AVAIL: 'Packed queues: the wrap counter of whoever made it available.',
  USED: 'Packed queues: differs from AVAIL while the descriptor is available.',
};

const eventDoc: Readonly<Record<keyof typeof eventFlags, string>> = {
  ENABLE: 'Notify at each.',
  DISABLE: 'Do not notify.',
  DESC: 'Notify at the descriptor that desc names (VIRTIO_F_EVENT_IDX).',
};

const parts = table(
  ['Part', 'Split', 'Alignment', 'Packed', 'Alignment'],
  [
    ['Descriptor area', 'descriptor table', 'descriptors', 'descriptor ring'] as const,
    ['Driver area', 'available ring', 'driver', 'event suppression'] as const,
    ['Device area', 'used ring', 'device', 'event suppression'] as const,
  ].map(([part, split, name, packed]) => [
    part,
    split,
    queueAlignment.split[name],
    packed,
    queueAlignment.packed[name],
  ]),
);

const flags = table(
  ['Bit', 'VIRTQ_DESC_F_', 'Meaning'],
  Object.entries(descFlags).map(([name, bit]) => [
    hex(bit, 4),
    name,
    flagDoc[name as keyof typeof descFlags],
  ]),
);

const ringHead = ['Offset', 'Bytes', 'Field', 'Meaning'];

const available = table(ringHead, [
  [availRing.FLAGS, 2, 'flags', `${AVAIL_NO_INTERRUPT}: do not notify the driver; a hint`],
  [availRing.IDX, 2, 'idx', 'Chains ever made available, modulo 2^16'],
  [availRing.RING, `${availRing.ENTRY_BYTES} * size`, 'ring', 'Heads of chains'],
  ['4 + 2 * size', 2, 'used_event', 'Notify when this entry is used (VIRTIO_F_EVENT_IDX)'],
]);

const used = table(ringHead, [
  [usedRing.FLAGS, 2, 'flags', `${USED_NO_NOTIFY}: do not notify the device; a hint`],
  [usedRing.IDX, 2, 'idx', 'Chains ever used, modulo 2^16'],
  [usedRing.RING, `${usedRing.ENTRY_BYTES} * size`, 'ring', 'Chains, and bytes written'],
  ['4 + 8 * size', 2, 'avail_event', 'Notify when this entry is available (VIRTIO_F_EVENT_IDX)'],
]);

const events = table(
  ['flags', 'Name', 'Meaning'],
  Object.entries(eventFlags).map(([name, value]) => [
    value,
    name,
    eventDoc[name as keyof typeof eventFlags],
  ]),
);

export function virtqueueSections(): string {
  return blocks(
    '## Virtqueues (§2.7, §2.8)',
    `A queue has up to ${MAX_QUEUE_SIZE} entries; a split one, a power of two of them. It lies in three parts,
which are aligned so, in bytes:`,
    parts,
    "A descriptor's flags:",
    flags,
    `An indirect table may have ${MAX_INDIRECT} entries here, whatever the size of the queue.`,
    '### Split descriptor (§2.7.5)',
    structTable(splitDesc),
    '### Available ring (§2.7.6)',
    available,
    '### Used ring (§2.7.8)',
    used,
    'An entry:',
    structTable(usedElem),
    '### Packed descriptor (§2.8.13)',
    structTable(packedDesc),
    '### Event suppression structure (§2.8.14)',
    structTable(eventSuppress),
    'Bits 14:0 of desc are an offset in the ring, bit 15 is the wrap counter.',
    events,
  );
}
