/**
 * PCI configuration space as data: the headers of endpoints and bridges (PCI Local Bus 3.0 §6.1,
 * PCI Express Base 6.0 §7.5.1) and base address registers (§7.5.1.2.1).
 */
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

/** What both header layouts have at the same places. Rows whose value differs per function are set when it is made. */
export const headerRows = {
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
  BIST: { offset: 0x0f, width: 1, access: 'RO', reset: 0, doc: 'No self test.' },
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
} as const satisfies RegisterRows;

export const headerTypeBits = {
  LAYOUT: field(0, 7, '0: type 0, an endpoint; 1: type 1, a bridge.'),
  MULTIFUNCTION: bit(7, 'The device has more functions.'),
};

export const type0Header = registerMap('type 0 header', 0x40, 'The first 64 bytes of a function.', {
  ...headerRows,
  HEADER_TYPE: {
    offset: 0x0e,
    width: 1,
    access: 'RO',
    reset: 0,
    bits: headerTypeBits,
    doc: "The header's layout.",
  },
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
