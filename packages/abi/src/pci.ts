/**
 * PCI configuration space as data: the type 0 header (PCI Local Bus 3.0 §6.1, PCI Express Base
 * 6.0 §7.5.1), base address registers (§7.5.1.2.1), capabilities and extended capabilities.
 */
import type { AccessWidth } from './ports.ts';
import { bit, field, registerMap, type RegisterRows } from './register.ts';

/** A requester or routing ID: bus 15:8, device 7:3, function 2:0. */
export type Bdf = number;

export function bdf(bus: number, device: number, fn: number): Bdf {
  return (bus << 8) | (device << 3) | fn;
}

/** As lspci writes it: `01:00.0`. */
export function formatBdf(id: Bdf): string {
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  return `${hex(id >>> 8)}:${hex((id >>> 3) & 0x1f)}.${id & 7}`;
}

export const CONFIG_BYTES = 4096;

/** Rows whose value differs per function are set when a function is made (vendor, device, BARs, …). */
export const type0Header = registerMap('type 0 header', 0x40, 'The first 64 bytes of a function.', {
  VENDOR_ID: { offset: 0x00, width: 2, access: 'RO', reset: 0, doc: 'Who made it.' },
  DEVICE_ID: { offset: 0x02, width: 2, access: 'RO', reset: 0, doc: 'What it is.' },
  COMMAND: {
    offset: 0x04,
    width: 2,
    access: 'RW',
    reset: 0,
    bits: {
      IO: bit(0, 'Decodes I/O BARs.', 'RO'),
      MEMORY: bit(1, 'Decodes memory BARs.'),
      BUS_MASTER: bit(2, 'May read and write memory, and signal MSI and MSI-X.'),
      PARITY: bit(6, 'Parity error response.'),
      SERR: bit(8, 'Reports fatal errors.'),
      INTX_DISABLE: bit(10, 'INTx stays silent.'),
    },
    sensitive: 'control',
    doc: 'What the function may do.',
  },
  STATUS: {
    offset: 0x06,
    width: 2,
    access: 'RO',
    reset: 0x0010,
    bits: {
      INTERRUPT: bit(3, 'INTx is pending.'),
      CAPABILITIES: bit(4, 'There is a capability list.'),
      MASTER_PARITY: bit(8, 'Master data parity error.', 'W1C'),
      SIGNALED_TARGET_ABORT: bit(11, 'The function ended a request with Completer Abort.', 'W1C'),
      RECEIVED_TARGET_ABORT: bit(12, 'A request was ended with Completer Abort.', 'W1C'),
      RECEIVED_MASTER_ABORT: bit(13, 'A request was ended as unsupported.', 'W1C'),
      SIGNALED_SYSTEM_ERROR: bit(14, 'The function reported a fatal error.', 'W1C'),
      PARITY: bit(15, 'A poisoned packet came in.', 'W1C'),
    },
    doc: 'What happened.',
  },
  REVISION_ID: { offset: 0x08, width: 1, access: 'RO', reset: 0, doc: 'Revision of the device.' },
  PROG_IF: { offset: 0x09, width: 1, access: 'RO', reset: 0, doc: 'Programming interface.' },
  SUBCLASS: { offset: 0x0a, width: 1, access: 'RO', reset: 0, doc: 'Sub-class.' },
  BASE_CLASS: {
    offset: 0x0b,
    width: 1,
    access: 'RO',
    reset: 0,
    doc: 'Base class: 3 is a display controller.',
  },
  CACHE_LINE_SIZE: {
    offset: 0x0c,
    width: 1,
    access: 'RW',
    reset: 0,
    doc: 'Without effect on PCI Express.',
  },
  LATENCY_TIMER: { offset: 0x0d, width: 1, access: 'RO', reset: 0, doc: 'Zero on PCI Express.' },
  HEADER_TYPE: {
    offset: 0x0e,
    width: 1,
    access: 'RO',
    reset: 0,
    bits: {
      LAYOUT: field(0, 7, '0: this one; 1: a bridge.'),
      MULTIFUNCTION: bit(7, 'The device has more functions.'),
    },
    doc: "The header's layout.",
  },
  BIST: { offset: 0x0f, width: 1, access: 'RO', reset: 0, doc: 'No self test.' },
  BAR0: {
    offset: 0x10,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Base address register.',
  },
  BAR1: {
    offset: 0x14,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Base address register.',
  },
  BAR2: {
    offset: 0x18,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Base address register.',
  },
  BAR3: {
    offset: 0x1c,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Base address register.',
  },
  BAR4: {
    offset: 0x20,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Base address register.',
  },
  BAR5: {
    offset: 0x24,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Base address register.',
  },
  CARDBUS_CIS: { offset: 0x28, width: 4, access: 'RO', reset: 0, doc: 'Zero on PCI Express.' },
  SUBSYSTEM_VENDOR_ID: {
    offset: 0x2c,
    width: 2,
    access: 'RO',
    reset: 0,
    doc: 'Who made the board.',
  },
  SUBSYSTEM_ID: { offset: 0x2e, width: 2, access: 'RO', reset: 0, doc: 'What the board is.' },
  EXPANSION_ROM: { offset: 0x30, width: 4, access: 'RO', reset: 0, doc: 'No expansion ROM.' },
  CAPABILITIES: {
    offset: 0x34,
    width: 1,
    access: 'RO',
    reset: 0,
    doc: 'Offset of the first capability; 0 for none.',
  },
  INTERRUPT_LINE: {
    offset: 0x3c,
    width: 1,
    access: 'RW',
    reset: 0xff,
    doc: 'For software to note the routing.',
  },
  INTERRUPT_PIN: { offset: 0x3d, width: 1, access: 'RO', reset: 0, doc: '0 none, 1 INTA.' },
  MIN_GNT: { offset: 0x3e, width: 1, access: 'RO', reset: 0, doc: 'Zero on PCI Express.' },
  MAX_LAT: { offset: 0x3f, width: 1, access: 'RO', reset: 0, doc: 'Zero on PCI Express.' },
});

export const BAR_COUNT = 6;
/** Offset of BAR `index` in configuration space. */
export function barOffset(index: number): number {
  return 0x10 + index * 4;
}

export interface BarShape {
  /** Bytes: a power of two of at least 16. */
  readonly size: number;
  /** Takes two registers, this one for the low half and the next for the high half. */
  readonly is64: boolean;
  readonly prefetchable: boolean;
}

/** The read-only low bits of a memory BAR: bit 0 memory, bits 2:1 width (10b: 64 bits), bit 3 prefetchable. */
export function barFlags(shape: BarShape): number {
  return (shape.is64 ? 4 : 0) | (shape.prefetchable ? 8 : 0);
}

/** The address bits that a BAR's registers can hold: low and high half. The others read zero, which tells the size. */
export function barMasks(shape: BarShape): { readonly low: number; readonly high: number } {
  if (shape.size >= 2 ** 32) {
    return { low: 0, high: -(shape.size / 2 ** 32) >>> 0 };
  }
  return { low: -shape.size >>> 0, high: shape.is64 ? 0xffffffff : 0 };
}

/**
 * What the sizing handshake tells: `low` and `high` are what the registers read after all ones
 * were written to them (`high` is unused for a 32-bit BAR). Undefined: no memory BAR is there.
 */
export function decodeBar(low: number, high: number): BarShape | undefined {
  if (low === 0 || (low & 1) === 1) {
    return undefined;
  }
  const is64 = ((low >>> 1) & 3) === 2;
  const lowMask = (low & ~0xf) >>> 0;
  const size = lowMask !== 0 ? -lowMask >>> 0 : is64 ? (-high >>> 0) * 2 ** 32 : 0;
  if (size === 0) {
    return undefined;
  }
  return { size, is64, prefetchable: (low & 8) !== 0 };
}

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
/** Extended capability IDs (§3). */
export const extendedIds = { AER: 0x0001, SERIAL: 0x0003, SRIOV: 0x0010 } as const;

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

/** PCI Express Base 6.0 §7.5.3: an endpoint, version 2 of the structure. */
export const pcieCapability = registerMap('PCI Express', 0x3c, 'PCI Express capability.', {
  ...listHead(capabilityIds.PCIE),
  CAPABILITIES: {
    offset: 2,
    width: 2,
    access: 'RO',
    reset: 0x0002,
    bits: { VERSION: field(0, 4, '2.'), PORT_TYPE: field(4, 4, '0 is an endpoint.') },
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

/** PCI Express Base 6.0 §7.9.3. */
export const serialCapability = registerMap(
  'device serial number',
  12,
  'Extended capability: an EUI-64.',
  {
    HEADER: {
      offset: 0,
      width: 4,
      access: 'RO',
      reset: 0x00010003,
      bits: {
        ID: field(0, 16, 'Extended capability ID.'),
        VERSION: field(16, 4, '1.'),
        NEXT: field(20, 12, 'Offset of the next; 0 ends the list.'),
      },
      doc: 'Extended capability header.',
    },
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
