/** The registers of Intel's IOMMU that its driver uses (VT-d 3.3 §10.4; offsets: §10.4 table 10-1). */
import { bit, field, registerMap } from '@doorbell/abi';

/** Where QEMU's q35 has them. Firmware would tell by the DMAR table's DRHD (§8.3). */
export const VTD_BASE = 0xfed9_0000;
export const VTD_BYTES = 0x1000;

/** Values of the address widths that CAP.SAGAW tells, by levels of the table. */
export const sagaw = { 3: 0x2, 4: 0x4 } as const;
/** Values of CAP.SLLPS. */
export const largePages = { MIB2: 0x1, GIB1: 0x2 } as const;
/** CCMD.CIRG and IOTLB.IIRG: how much is invalidated, and how much was, by CAIG and IAIG. */
export const granularity = { GLOBAL: 1, DOMAIN: 2, SELECTIVE: 3 } as const;

/** Registers of 64 bits are two of 32, the command in the upper one: it is written last (§10.2). */
export const vtdRegisters = registerMap('VT-d', 0x40, 'The remapping unit, at its base address.', {
  VER: {
    offset: 0x00,
    width: 4,
    access: 'RO',
    reset: 0x10,
    bits: { MINOR: field(0, 4, 'Minor version.'), MAJOR: field(4, 4, 'Major version.') },
    doc: 'Version of the architecture (§10.4.1).',
  },
  CAP_LO: {
    offset: 0x08,
    width: 4,
    access: 'RO',
    reset: 0,
    bits: {
      ND: field(0, 3, 'Domain ids have 4 + 2 × ND bits.'),
      CM: bit(7, 'What is not present may be cached.'),
      SAGAW: field(8, 5, 'Bit 1: tables of 3 levels; bit 2: of 4.'),
      MGAW: field(16, 6, 'Bits of a guest address, less one.'),
      FRO_LOW: field(24, 8, 'Where fault records begin, in units of 16 bytes.'),
    },
    doc: 'Capabilities (§10.4.2).',
  },
  CAP_HI: {
    offset: 0x0c,
    width: 4,
    access: 'RO',
    reset: 0,
    bits: {
      FRO_HIGH: field(0, 2, 'The upper bits of FRO.'),
      SLLPS: field(2, 4, 'Bit 0: pages of 2 MiB; bit 1: of 1 GiB.'),
      PSI: bit(7, 'Single pages can be invalidated.'),
      NFR: field(8, 8, 'How many fault records there are, less one.'),
      MAMV: field(16, 6, 'The largest address mask of an invalidation.'),
    },
    doc: 'Capabilities, upper half.',
  },
  ECAP_LO: {
    offset: 0x10,
    width: 4,
    access: 'RO',
    reset: 0,
    bits: { IRO: field(8, 10, 'Where the IOTLB registers are, in units of 16 bytes.') },
    doc: 'Extended capabilities (§10.4.3).',
  },
  GCMD: {
    offset: 0x18,
    width: 4,
    access: 'WO',
    reset: 0,
    bits: {
      SRTP: bit(30, 'Takes the root table of RTADDR.'),
      TE: bit(31, 'Requests are translated.'),
    },
    doc: 'Global command: one bit changes at a time (§10.4.4).',
  },
  GSTS: {
    offset: 0x1c,
    width: 4,
    access: 'RO',
    reset: 0,
    bits: { RTPS: bit(30, 'The root table was taken.'), TES: bit(31, 'Requests are translated.') },
    doc: 'What the commands came to (§10.4.5).',
  },
  RTADDR_LO: {
    offset: 0x20,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: { TTM: field(10, 2, '00b: legacy mode.'), RTA: field(12, 20, 'Bits 31:12.') },
    doc: 'The root table (§10.4.6).',
  },
  RTADDR_HI: { offset: 0x24, width: 4, access: 'RW', reset: 0, doc: 'Bits 63:32 of it.' },
  CCMD_LO: {
    offset: 0x28,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: { DID: field(0, 16, 'The domain.'), SID: field(16, 16, 'The source id.') },
    doc: 'Whose context entries are invalidated (§10.4.7).',
  },
  CCMD_HI: {
    offset: 0x2c,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: {
      CAIG: field(27, 2, 'How much was invalidated.', 'RO'),
      CIRG: field(29, 2, '1: all; 2: a domain; 3: a function.'),
      ICC: bit(31, 'Invalidates; 0 when that is done.'),
    },
    doc: 'The context cache’s invalidation.',
  },
  FSTS: {
    offset: 0x34,
    width: 4,
    access: 'W1C',
    reset: 0,
    bits: {
      PFO: bit(0, 'A fault found no free record.'),
      PPF: bit(1, 'There are fault records.', 'RO'),
      FRI: field(8, 8, 'Which record was made first.', 'RO'),
    },
    doc: 'Fault status (§10.4.9).',
  },
});

/** At ECAP.IRO. */
export const iotlbRegisters = registerMap('VT-d IOTLB', 0x10, 'At ECAP.IRO × 16.', {
  IVA_LO: {
    offset: 0x0,
    width: 4,
    access: 'WO',
    reset: 0,
    bits: {
      AM: field(0, 6, 'The low bits of the page number that are not looked at.'),
      IH: bit(6, 'Only leaves changed.'),
      ADDR: field(12, 20, 'Bits 31:12 of the address.'),
    },
    doc: 'Which pages are invalidated (§10.4.8.2).',
  },
  IVA_HI: { offset: 0x4, width: 4, access: 'WO', reset: 0, doc: 'Bits 63:32 of it.' },
  IOTLB_LO: { offset: 0x8, width: 4, access: 'RW', reset: 0, doc: 'Reserved (§10.4.8.1).' },
  IOTLB_HI: {
    offset: 0xc,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: {
      DID: field(0, 16, 'The domain.'),
      DW: bit(16, 'Writes on their way are done first.'),
      DR: bit(17, 'Reads on their way are done first.'),
      IAIG: field(25, 2, 'How much was invalidated.', 'RO'),
      IIRG: field(28, 2, '1: all; 2: a domain; 3: pages.'),
      IVT: bit(31, 'Invalidates; 0 when that is done.'),
    },
    doc: 'The IOTLB’s invalidation.',
  },
});

/** At CAP.FRO, CAP.NFR + 1 times. */
export const faultRecord = registerMap('VT-d fault record', 0x10, 'At CAP.FRO × 16.', {
  FI_LO: {
    offset: 0x0,
    width: 4,
    access: 'RO',
    reset: 0,
    bits: { FI: field(12, 20, 'Bits 31:12 of the address.') },
    doc: 'The page that was asked for (§10.4.14).',
  },
  FI_HI: { offset: 0x4, width: 4, access: 'RO', reset: 0, doc: 'Bits 63:32 of it.' },
  SOURCE: {
    offset: 0x8,
    width: 4,
    access: 'RO',
    reset: 0,
    bits: { SID: field(0, 16, 'Who asked.') },
    doc: 'The source id.',
  },
  STATUS: {
    offset: 0xc,
    width: 4,
    access: 'W1C',
    reset: 0,
    bits: {
      FR: field(0, 8, 'The reason (§7.1.3).', 'RO'),
      T1: bit(30, '1: a read; 0: a write.', 'RO'),
      F: bit(31, 'There is a fault.'),
    },
    doc: 'What happened.',
  },
});
