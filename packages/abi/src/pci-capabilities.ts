/** PCI capabilities as data: ids, how to walk the list, and the registers of each. */
import type { AccessWidth } from './ports.ts';
import { bit, field, registerMap, type RegisterRows } from './register.ts';
import { type0Header } from './pci.ts';

/** Capability IDs (PCI Code and ID Assignment 1.11 §2). */
export const capabilityIds = { PM: 0x01, MSI: 0x05, PCIE: 0x10, MSIX: 0x11 } as const;
/** Capabilities are four bytes at least and lie from 40h to FFh, so a longer list is a loop. */
const MOST_CAPABILITIES = (0x100 - 0x40) / 4;

/**
 * Where the capability with this id begins; 0 when the function lacks it (PCI Express Base 6.0
 * §7.5.1.1.11). A pointer into the header ends the list.
 */
export function capabilityOffset(
  read: (offset: number, width: AccessWidth) => number,
  id: number,
): number {
  const { STATUS, CAPABILITIES } = type0Header.rows;
  if ((read(STATUS.offset, STATUS.width) & STATUS.bits.CAPABILITIES.mask) === 0) {
    return 0;
  }
  let at = read(CAPABILITIES.offset, 1);
  for (let left = MOST_CAPABILITIES; at >= 0x40 && left > 0; left--) {
    at &= ~3; // the two low bits are reserved
    if (read(at, 1) === id) {
      return at;
    }
    at = read(at + 1, 1);
  }
  return 0;
}
const listHead = (id: number): { ID: RegisterRows[string]; NEXT: RegisterRows[string] } => ({
  ID: { offset: 0, width: 1, access: 'RO', reset: id, doc: 'Capability ID.' },
  NEXT: {
    offset: 1,
    width: 1,
    access: 'RO',
    reset: 0,
    doc: 'Offset of the next capability; 0 ends the list.',
  },
});

/** PCI Express Base 6.0 §7.5.2. */
export const pmCapability = registerMap('power management', 8, 'Power management capability.', {
  ...listHead(capabilityIds.PM),
  PMC: {
    offset: 2,
    width: 2,
    access: 'RO',
    reset: 0x0003,
    doc: 'Version 3 of the PM interface; no D1, no D2, no PME.',
  },
  PMCSR: {
    offset: 4,
    width: 2,
    access: 'RW',
    reset: 0x0008,
    bits: {
      POWER_STATE: field(0, 2, '0 is D0, 3 is D3hot.'),
      NO_SOFT_RESET: bit(3, 'Going from D3hot to D0 does not reset.', 'RO'),
      PME_STATUS: bit(15, 'PME was signalled.', 'RO'),
    },
    sensitive: 'control',
    doc: 'Control and status.',
  },
});

/** PCI Express Base 6.0 §7.7.1: 64-bit address, one vector, no per-vector masking. */
export const msiCapability = registerMap('MSI', 0x0e, 'MSI capability.', {
  ...listHead(capabilityIds.MSI),
  CONTROL: {
    offset: 2,
    width: 2,
    access: 'RW',
    reset: 0x0080,
    bits: {
      ENABLE: bit(0, 'Interrupts are messages; INTx is silent.'),
      MULTIPLE_CAPABLE: field(1, 3, 'One message.', 'RO'),
      MULTIPLE_ENABLE: field(4, 3, 'Messages granted, as a power of two.'),
      ADDRESS_64: bit(7, 'The address has 64 bits.', 'RO'),
    },
    doc: 'Message control.',
  },
  ADDRESS_LO: {
    offset: 4,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: { ADDRESS: field(2, 30, 'Bits 31:2.') },
    doc: 'Message address, low half.',
  },
  ADDRESS_HI: { offset: 8, width: 4, access: 'RW', reset: 0, doc: 'Message address, high half.' },
  DATA: { offset: 12, width: 2, access: 'RW', reset: 0, doc: 'Message data.' },
});

/** PCI Express Base 6.0 §7.7.2. */
export const msixCapability = registerMap('MSI-X', 12, 'MSI-X capability.', {
  ...listHead(capabilityIds.MSIX),
  CONTROL: {
    offset: 2,
    width: 2,
    access: 'RW',
    reset: 0,
    bits: {
      TABLE_SIZE: field(0, 11, 'Entries, less one.', 'RO'),
      FUNCTION_MASK: bit(14, 'All vectors are masked.'),
      ENABLE: bit(15, 'Interrupts are MSI-X messages.'),
    },
    sensitive: 'control',
    doc: 'Message control.',
  },
  TABLE: {
    offset: 4,
    width: 4,
    access: 'RO',
    reset: 0,
    bits: { BIR: field(0, 3, 'Which BAR.'), OFFSET: field(3, 29, 'In units of 8 bytes.') },
    doc: 'Where the table is.',
  },
  PENDING: {
    offset: 8,
    width: 4,
    access: 'RO',
    reset: 0,
    bits: { BIR: field(0, 3, 'Which BAR.'), OFFSET: field(3, 29, 'In units of 8 bytes.') },
    doc: 'Where the pending bits are.',
  },
});

/** One entry of the MSI-X table. Reset: masked, as the specification has it. */
export const msixEntry = registerMap('MSI-X table entry', 16, 'One vector.', {
  ADDRESS_LO: {
    offset: 0,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Message address, low half.',
  },
  ADDRESS_HI: {
    offset: 4,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Message address, high half.',
  },
  DATA: { offset: 8, width: 4, access: 'RW', reset: 0, sensitive: 'control', doc: 'Message data.' },
  CONTROL: {
    offset: 12,
    width: 4,
    access: 'RW',
    reset: 1,
    bits: { MASK: bit(0, 'The vector is held back; its pending bit is set instead.') },
    sensitive: 'control',
    doc: 'Vector control.',
  },
});

/** PORT_TYPE of the PCI Express capability (PCI Express Base 6.0 §7.5.3.2). */
export const pciePortTypes = {
  ENDPOINT: 0,
  ROOT_PORT: 4,
  UPSTREAM_PORT: 5,
  DOWNSTREAM_PORT: 6,
  PCI_BRIDGE: 7,
  INTEGRATED_ENDPOINT: 9,
} as const;

/** PCI Express Base 6.0 §7.5.3: an endpoint, version 2 of the structure. */
export const pcieCapability = registerMap('PCI Express', 0x3c, 'PCI Express capability.', {
  ...listHead(capabilityIds.PCIE),
  CAPABILITIES: {
    offset: 2,
    width: 2,
    access: 'RO',
    reset: 0x0002,
    bits: {
      VERSION: field(0, 4, '2.'),
      PORT_TYPE: field(4, 4, 'As the table of port types has it.'),
    },
    doc: 'What kind of port this is.',
  },
  DEVICE_CAPABILITIES: {
    offset: 4,
    width: 4,
    access: 'RO',
    reset: 0x10008000,
    bits: {
      MAX_PAYLOAD: field(0, 3, '0 is 128 bytes.'),
      ROLE_BASED_ERRORS: bit(15, 'Reports errors by role.'),
      FLR: bit(28, 'Function-level reset is there.'),
    },
    doc: 'What the device can.',
  },
  DEVICE_CONTROL: {
    offset: 8,
    width: 2,
    access: 'RW',
    reset: 0x2810,
    bits: {
      ERROR_REPORTING: field(0, 4, 'Correctable, non-fatal, fatal, unsupported request.'),
      RELAXED_ORDERING: bit(4, 'Requests may be reordered.'),
      MAX_PAYLOAD: field(5, 3, '0 is 128 bytes.'),
      NO_SNOOP: bit(11, 'Requests may bypass caches.'),
      MAX_READ: field(12, 3, '2 is 512 bytes.'),
      FLR: bit(15, 'Writing 1 resets the function; reads 0.', 'WO'),
    },
    sensitive: 'control',
    doc: 'Device control.',
  },
  DEVICE_STATUS: {
    offset: 10,
    width: 2,
    access: 'RO',
    reset: 0,
    bits: {
      CORRECTABLE: bit(0, 'Seen.', 'W1C'),
      NON_FATAL: bit(1, 'Seen.', 'W1C'),
      FATAL: bit(2, 'Seen.', 'W1C'),
      UNSUPPORTED: bit(3, 'Seen.', 'W1C'),
      PENDING: bit(5, 'Requests are outstanding.'),
    },
    doc: 'Device status.',
  },
  LINK_CAPABILITIES: {
    offset: 12,
    width: 4,
    access: 'RO',
    reset: 0x00000104,
    bits: { SPEED: field(0, 4, '4 is 16 GT/s.'), WIDTH: field(4, 6, 'Lanes.') },
    doc: 'The link.',
  },
  LINK_CONTROL: {
    offset: 16,
    width: 2,
    access: 'RW',
    reset: 0,
    bits: { ASPM: field(0, 2, 'Power management.'), COMMON_CLOCK: bit(6, 'Common clock.') },
    doc: 'Link control.',
  },
  LINK_STATUS: {
    offset: 18,
    width: 2,
    access: 'RO',
    reset: 0x0104,
    bits: { SPEED: field(0, 4, '4 is 16 GT/s.'), WIDTH: field(4, 6, 'Lanes.') },
    doc: 'Link status.',
  },
  DEVICE_CAPABILITIES_2: { offset: 0x24, width: 4, access: 'RO', reset: 0, doc: 'None of these.' },
  DEVICE_CONTROL_2: { offset: 0x28, width: 2, access: 'RO', reset: 0, doc: 'None of these.' },
  LINK_CAPABILITIES_2: {
    offset: 0x2c,
    width: 4,
    access: 'RO',
    reset: 0x0000001e,
    doc: 'Supported speeds: 2.5 to 16 GT/s.',
  },
  LINK_CONTROL_2: { offset: 0x30, width: 2, access: 'RO', reset: 0x0004, doc: 'Target speed.' },
});
