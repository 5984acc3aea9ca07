/** Bridges: their header, and the ids of those here. */
import { headerRows, headerTypeBits } from './pci.ts';
import { bit, field, registerMap } from './register.ts';

const windowDoc = 'base above limit: the window is closed';

/** A bridge's (PCI-to-PCI Bridge Architecture 1.2 §3.2; PCI Express Base 6.0 §7.5.1.3). It has no I/O window. */
export const type1Header = registerMap('type 1 header', 0x40, 'The first 64 bytes of a bridge.', {
  ...headerRows,
  HEADER_TYPE: {
    offset: 0x0e,
    width: 1,
    access: 'RO',
    reset: 1,
    bits: headerTypeBits,
    doc: "The header's layout.",
  },
  BAR0: { offset: 0x10, width: 4, access: 'RO', reset: 0, doc: 'The bridge has no registers.' },
  BAR1: { offset: 0x14, width: 4, access: 'RO', reset: 0, doc: 'The bridge has no registers.' },
  PRIMARY_BUS: {
    offset: 0x18,
    width: 1,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'The bus that the bridge is on.',
  },
  SECONDARY_BUS: {
    offset: 0x19,
    width: 1,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'The bus right behind it.',
  },
  SUBORDINATE_BUS: {
    offset: 0x1a,
    width: 1,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'The last bus behind it.',
  },
  SECONDARY_LATENCY: {
    offset: 0x1b,
    width: 1,
    access: 'RO',
    reset: 0,
    doc: 'Zero on PCI Express.',
  },
  IO_BASE: { offset: 0x1c, width: 1, access: 'RO', reset: 0, doc: 'No I/O window.' },
  IO_LIMIT: { offset: 0x1d, width: 1, access: 'RO', reset: 0, doc: 'No I/O window.' },
  SECONDARY_STATUS: {
    offset: 0x1e,
    width: 2,
    access: 'RO',
    reset: 0,
    doc: 'Errors on the bus behind it: none are reported.',
  },
  MEMORY_BASE: {
    offset: 0x20,
    width: 2,
    access: 'RW',
    reset: 0,
    bits: { ADDRESS: field(4, 12, 'Address bits 31:20.') },
    sensitive: 'control',
    doc: `Where the memory window begins; ${windowDoc}.`,
  },
  MEMORY_LIMIT: {
    offset: 0x22,
    width: 2,
    access: 'RW',
    reset: 0,
    bits: { ADDRESS: field(4, 12, "Bits 31:20 of the window's last MiB.") },
    sensitive: 'control',
    doc: 'Where the memory window ends.',
  },
  PREFETCH_BASE: {
    offset: 0x24,
    width: 2,
    access: 'RW',
    reset: 1,
    bits: {
      IS_64: field(0, 4, '1: the upper halves are there.', 'RO'),
      ADDRESS: field(4, 12, 'Address bits 31:20.'),
    },
    sensitive: 'control',
    doc: `Where the prefetchable window begins; ${windowDoc}.`,
  },
  PREFETCH_LIMIT: {
    offset: 0x26,
    width: 2,
    access: 'RW',
    reset: 1,
    bits: {
      IS_64: field(0, 4, '1: the upper halves are there.', 'RO'),
      ADDRESS: field(4, 12, "Bits 31:20 of the window's last MiB."),
    },
    sensitive: 'control',
    doc: 'Where the prefetchable window ends.',
  },
  PREFETCH_BASE_HI: {
    offset: 0x28,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Address bits 63:32 of its base.',
  },
  PREFETCH_LIMIT_HI: {
    offset: 0x2c,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Address bits 63:32 of its limit.',
  },
  IO_BASE_HI: { offset: 0x30, width: 2, access: 'RO', reset: 0, doc: 'No I/O window.' },
  IO_LIMIT_HI: { offset: 0x32, width: 2, access: 'RO', reset: 0, doc: 'No I/O window.' },
  EXPANSION_ROM: { offset: 0x38, width: 4, access: 'RO', reset: 0, doc: 'No expansion ROM.' },
  BRIDGE_CONTROL: {
    offset: 0x3e,
    width: 2,
    access: 'RW',
    reset: 0,
    bits: {
      PARITY: bit(0, 'Parity error response.'),
      SERR: bit(1, 'Passes fatal errors on.'),
      SECONDARY_BUS_RESET: bit(6, 'Going to 1 resets all that is behind the bridge.'),
    },
    sensitive: 'control',
    doc: 'Bridge control.',
  },
});

/** Windows begin and end on a MiB. */
export const BRIDGE_WINDOW_BYTES = 1 << 20;

/** Of this project's own bridges, next to bell's. */
export const bridgeIds = {
  vendor: 0x1234,
  revision: 1,
  /** Bridge, PCI to PCI, normal decode. */
  classCode: 0x060400,
  ROOT_PORT: 0xbe20,
  UPSTREAM_PORT: 0xbe21,
  DOWNSTREAM_PORT: 0xbe22,
  PCI_BRIDGE: 0xbe23,
} as const;
