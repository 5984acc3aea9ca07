/** QEMU's intel-iommu and ours. */
import type { KnownDifference } from './known-difference.ts';

const device = 'intel-iommu';
const ZEROS = '00'.repeat(16);
const DATA = '55'.repeat(16);
const fault = (reason: number, request: string): string =>
  `reason 0x${reason.toString(16)}, 00:03.0, ${request}`;

const walkDifferences: readonly KnownDifference[] = [
  {
    id: 'intel-iommu/reserved-or-refused',
    device,
    where: 'a reserved bit in a page that may not be written: fault',
    values: [fault(0xc, 'write of 0x5000'), fault(0x5, 'write of 0x5000')],
    ours: 'A present entry is checked for reserved bits first: reason Ch.',
    qemu: 'The right to write is checked first: reason 5h.',
    why: 'Both conditions hold, and either may be told (VT-d 3.3 §7.1.3).',
  },
  {
    id: 'intel-iommu/cached-rights',
    device,
    where: 'a page that was read and may not be written: fault',
    values: [fault(0x5, 'write of 0x5000'), 'none'],
    ours: 'The tables are walked again, and the fault is recorded.',
    qemu: 'A page that the IOTLB holds is refused without a record.',
    why: 'A blocked request is reported, whatever was cached (VT-d 3.3 §7.2).',
  },
  {
    id: 'intel-iommu/top-table-access',
    device,
    where: 'a top table beyond memory: fault',
    values: [fault(0x7, 'read of 0x5000'), fault(0x3, 'read of 0x5000')],
    ours: 'An entry of the top table that cannot be read: reason 7h, as in any other.',
    qemu: 'Reason 3h, as if the context entry were invalid.',
    why: 'Reason 7h is for paging entries of every level (VT-d 3.3 §7.1.3).',
  },
  {
    id: 'intel-iommu/host-width-39',
    device,
    where: 'a table at an address with bit 40: fault',
    values: [fault(0x7, 'read of 0x5000'), fault(0xc, 'read of 0x5000')],
    ours: 'Host addresses have 46 bits: bit 40 leads to where no memory is.',
    qemu: 'They have as many as guest addresses: with 39, bit 40 is reserved.',
    why: 'The platform says how many (VT-d 3.3 §8.1, Host Address Width).',
  },
  {
    id: 'intel-iommu/host-width-48',
    device,
    where: 'a table at an address with bit 47: fault',
    values: [fault(0xc, 'read of 0x5000'), fault(0x7, 'read of 0x5000')],
    ours: 'Host addresses have 46 bits: bit 47 is reserved.',
    qemu: 'They have as many as guest addresses: with 48, bit 47 leads to where no memory is.',
    why: 'The platform says how many (VT-d 3.3 §8.1, Host Address Width).',
  },
];

const rangeDifferences: readonly KnownDifference[] = [
  {
    id: 'intel-iommu/interrupt-range-read',
    device,
    where: 'the interrupt range: fault',
    values: [fault(0xe, 'read of 0xfee00000'), 'none'],
    ours: 'A read of the interrupt range is blocked and recorded.',
    qemu: 'It gives zeros, and nothing is recorded.',
    why: 'All requests to it but interrupts are blocked and reported (VT-d 3.3 §3.14).',
  },
  {
    id: 'intel-iommu/interrupt-range-page',
    device,
    where: 'a page of 1 GiB, part of which is the interrupt range: fault',
    values: ['none', fault(0xe, 'read of 0xc0000000')],
    ours: 'A large page that has the interrupt range in it serves its other addresses.',
    qemu: 'None of its addresses is served.',
    why: 'What counts is the address that is reached (VT-d 3.3 §3.14).',
  },
];

const capabilityDifferences: readonly KnownDifference[] = [
  {
    id: 'intel-iommu/fault-records',
    device,
    where: 'two refused requests of one function: faults',
    values: ['2', '1'],
    ours: 'Has 8 fault records, one for each refused request.',
    qemu: 'Has 1, and drops further faults of a requester that it names.',
    why: 'CAP.NFR says how many; hardware may collapse them (VT-d 3.3 §7.2.1).',
  },
  {
    id: 'intel-iommu/pass-through',
    device,
    where: 'a function that passes through: fault',
    values: [fault(0x3, 'read of 0x200000'), 'none'],
    ours: 'Knows no pass-through: a context entry of type 10b is invalid.',
    qemu: 'Lets the function’s requests pass untranslated.',
    why: 'Optional: ECAP.PT (VT-d 3.3 §10.4.3).',
  },
  {
    id: 'intel-iommu/pass-through-data',
    device,
    where: 'a function that passes through: what was read',
    values: [ZEROS, DATA],
    ours: 'So nothing is read.',
    qemu: 'So memory is read.',
    why: 'As above.',
  },
  {
    id: 'intel-iommu/levels',
    device,
    where: 'tables of 4 levels where there are 3: fault',
    values: ['none', fault(0x3, 'read of 0x5000')],
    ours: 'Walks tables of 3 levels and of 4.',
    qemu: 'With 39 bits of address, of 3 only.',
    why: 'CAP.SAGAW says which (VT-d 3.3 §10.4.2).',
  },
  {
    id: 'intel-iommu/levels-data',
    device,
    where: 'tables of 4 levels where there are 3: what was read',
    values: [DATA, ZEROS],
    ours: 'So memory is read.',
    qemu: 'So nothing is read.',
    why: 'As above.',
  },
];

export const iommuDifferences: readonly KnownDifference[] = [
  ...walkDifferences,
  ...rangeDifferences,
  ...capabilityDifferences,
];
