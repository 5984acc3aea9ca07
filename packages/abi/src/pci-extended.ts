/** PCI Express extended capabilities as data: ids, how to walk the list, and the registers of each. */
import { CONFIG_BYTES } from './pci.ts';
import type { AccessWidth } from './ports.ts';
import { allOnes, bit, extract, field, registerMap } from './register.ts';

/** Extended capability IDs (PCI Code and ID Assignment 1.11 §3). */
export const extendedIds = {
  AER: 0x0001,
  SERIAL: 0x0003,
  ACS: 0x000d,
  ARI: 0x000e,
  SRIOV: 0x0010,
} as const;

/** The header of an extended capability (PCI Express Base 6.0 §7.6.3). */
const extendedHeaderBits = {
  ID: field(0, 16, 'Extended capability ID.'),
  VERSION: field(16, 4, '1.'),
  NEXT: field(20, 12, 'Offset of the next; 0 ends the list.'),
};

const extendedHead = <const I extends number>(id: I) => ({
  HEADER: {
    offset: 0,
    width: 4,
    access: 'RO',
    reset: 0x10000 | id,
    bits: extendedHeaderBits,
    doc: 'Extended capability header.',
  } as const,
});

/** Where extended capabilities begin (§7.6.2). */
export const EXTENDED_CONFIG = 0x100;
/** They are eight bytes at least, so a longer list is a loop. */
const MOST_EXTENDED = (CONFIG_BYTES - EXTENDED_CONFIG) / 8;

/** Where the extended capability with this id begins; 0 when the function lacks it. */
export function extendedCapabilityOffset(
  read: (offset: number, width: AccessWidth) => number,
  id: number,
): number {
  let at = EXTENDED_CONFIG;
  for (let left = MOST_EXTENDED; at >= EXTENDED_CONFIG && left > 0; left--) {
    const header = read(at, 4);
    if (header === allOnes(4)) {
      return 0;
    }
    if (extract(extendedHeaderBits.ID, header) === id) {
      return at;
    }
    at = extract(extendedHeaderBits.NEXT, header) & ~3; // the two low bits are reserved
  }
  return 0;
}

/** PCI Express Base 6.0 §7.9.3. */
export const serialCapability = registerMap(
  'device serial number',
  12,
  'Extended capability: an EUI-64.',
  {
    ...extendedHead(extendedIds.SERIAL),
    SERIAL_LO: {
      offset: 4,
      width: 4,
      access: 'RO',
      reset: 0,
      sensitive: 'behaviour',
      doc: 'Low half.',
    },
    SERIAL_HI: {
      offset: 8,
      width: 4,
      access: 'RO',
      reset: 0,
      sensitive: 'behaviour',
      doc: 'High half.',
    },
  },
);

/** What ACS can do, in its capability and its control register alike. */
const acsBits = {
  SOURCE_VALIDATION: bit(0, 'Requests with a requester ID from elsewhere are refused.'),
  TRANSLATION_BLOCKING: bit(1, 'Requests that claim to be translated are refused.'),
  REQUEST_REDIRECT: bit(2, 'Peer-to-peer requests go up to the root complex.'),
  COMPLETION_REDIRECT: bit(3, 'Peer-to-peer completions go up to the root complex.'),
  UPSTREAM_FORWARDING: bit(4, 'Requests that a port would turn round go up, too.'),
  EGRESS_CONTROL: bit(5, 'A vector says between which ports requests may pass.'),
  DIRECT_TRANSLATED: bit(6, 'Translated peer-to-peer requests may go the short way.'),
};

/** PCI Express Base 6.0 §7.7.11; what it is for: §6.12. All is off at reset. */
export const acsCapability = registerMap(
  'access control services',
  8,
  'Extended capability: whether requests between peers must pass the root complex, and so the IOMMU.',
  {
    ...extendedHead(extendedIds.ACS),
    CAPABILITY: {
      offset: 4,
      width: 2,
      access: 'RO',
      reset: 0,
      bits: acsBits,
      doc: 'What the function implements.',
    },
    CONTROL: {
      offset: 6,
      width: 2,
      access: 'RW',
      reset: 0,
      bits: acsBits,
      sensitive: 'control',
      doc: 'What is enabled.',
    },
  },
);

/** PCI Express Base 6.0 §7.8.8: one device of up to 256 functions, for SR-IOV. */
export const ariCapability = registerMap(
  'alternative routing-ID interpretation',
  8,
  'Extended capability: device and function number are one function number of eight bits.',
  {
    ...extendedHead(extendedIds.ARI),
    CAPABILITY: {
      offset: 4,
      width: 2,
      access: 'RO',
      reset: 0,
      bits: {
        FUNCTION_GROUPS_VC: bit(0, 'Function groups for arbitration.'),
        FUNCTION_GROUPS_ACS: bit(1, 'Function groups for ACS.'),
        NEXT_FUNCTION: field(8, 8, 'The next function of the device; 0 ends the list.'),
      },
      doc: 'What the function implements.',
    },
    CONTROL: { offset: 6, width: 2, access: 'RO', reset: 0, doc: 'No function groups.' },
  },
);
