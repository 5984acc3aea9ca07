/** Single root I/O virtualization as data: the extended capability of a physical function. */
import { extendedIds } from './pci-extended.ts';
import { bit, field, registerMap, type RegisterRow } from './register.ts';

/** Page sizes that a physical function must support (§9.3.3.12): bit n is 4 KiB × 2^n. */
const MUST_SUPPORT = 0x553;

const vfBar = (index: number): RegisterRow => ({
  offset: 0x24 + index * 4,
  width: 4,
  access: 'RW',
  reset: 0,
  sensitive: 'control',
  doc: 'Base address register of all virtual functions: its size is that of one of them.',
});

/** PCI Express Base 6.0 §9.3.3. */
export const sriovCapability = registerMap(
  'SR-IOV',
  0x40,
  'Extended capability of a physical function (PF) that has virtual functions (VFs).',
  {
    HEADER: {
      offset: 0x00,
      width: 4,
      access: 'RO',
      reset: 0x00010000 | extendedIds.SRIOV,
      bits: {
        ID: field(0, 16, 'Extended capability ID.'),
        VERSION: field(16, 4, '1.'),
        NEXT: field(20, 12, 'Offset of the next; 0 ends the list.'),
      },
      doc: 'Extended capability header.',
    },
    CAPABILITIES: {
      offset: 0x04,
      width: 4,
      access: 'RO',
      reset: 0x2,
      bits: {
        MIGRATION: bit(0, 'VFs can migrate; nobody built that.'),
        ARI_PRESERVED: bit(1, 'CONTROL.ARI outlives power states.'),
        MIGRATION_MESSAGE: field(21, 11, 'The vector of migration interrupts.'),
      },
      doc: 'What the PF can.',
    },
    CONTROL: {
      offset: 0x08,
      width: 2,
      access: 'RW',
      reset: 0,
      bits: {
        VF_ENABLE: bit(0, 'The VFs are there.'),
        MIGRATION_ENABLE: bit(1, 'Migration.', 'RO'),
        MIGRATION_INTERRUPT: bit(2, 'Migration interrupts.', 'RO'),
        VF_MSE: bit(3, 'The VFs decode their memory.'),
        ARI: bit(4, 'The VFs may have function numbers above 7.'),
      },
      sensitive: 'control',
      doc: 'Turns the VFs on.',
    },
    STATUS: {
      offset: 0x0a,
      width: 2,
      access: 'RO',
      reset: 0,
      bits: { MIGRATION: bit(0, 'A migration was asked for.') },
      doc: 'Status.',
    },
    INITIAL_VFS: {
      offset: 0x0c,
      width: 2,
      access: 'RO',
      reset: 0,
      doc: 'VFs at first: TOTAL_VFS.',
    },
    TOTAL_VFS: {
      offset: 0x0e,
      width: 2,
      access: 'RO',
      reset: 0,
      doc: 'The most VFs there can be.',
    },
    NUM_VFS: {
      offset: 0x10,
      width: 2,
      access: 'RW',
      reset: 0,
      sensitive: 'control',
      doc: 'VFs that VF_ENABLE turns on. Does not change while it is 1.',
    },
    DEPENDENCY_LINK: {
      offset: 0x12,
      width: 1,
      access: 'RO',
      reset: 0,
      doc: 'The PF that must be given away together with this one: its own function number for none.',
    },
    FIRST_VF_OFFSET: {
      offset: 0x14,
      width: 2,
      access: 'RO',
      reset: 0,
      doc: "From the PF's routing ID to VF 1's.",
    },
    VF_STRIDE: {
      offset: 0x16,
      width: 2,
      access: 'RO',
      reset: 1,
      doc: "From one VF's routing ID to the next's.",
    },
    VF_DEVICE_ID: {
      offset: 0x1a,
      width: 2,
      access: 'RO',
      reset: 0,
      doc: 'Device ID of the VFs, whose own reads FFFFh.',
    },
    SUPPORTED_PAGE_SIZES: {
      offset: 0x1c,
      width: 4,
      access: 'RO',
      reset: MUST_SUPPORT,
      doc: 'Bit n: pages of 4 KiB × 2^n.',
    },
    SYSTEM_PAGE_SIZE: {
      offset: 0x20,
      width: 4,
      access: 'RW',
      reset: 1,
      doc: 'One bit of the above: no two VFs share a page of this size. Does not change while VF_ENABLE is 1.',
    },
    VF_BAR0: vfBar(0),
    VF_BAR1: vfBar(1),
    VF_BAR2: vfBar(2),
    VF_BAR3: vfBar(3),
    VF_BAR4: vfBar(4),
    VF_BAR5: vfBar(5),
    MIGRATION_STATE_ARRAY: {
      offset: 0x3c,
      width: 4,
      access: 'RO',
      reset: 0,
      doc: 'Zero: no migration.',
    },
  },
);

/** Offset of a VF BAR from the start of the capability. */
export function vfBarOffset(index: number): number {
  return sriovCapability.rows.VF_BAR0.offset + index * 4;
}

/** The smallest page that a System Page Size of this value means, in bytes. */
export function systemPageBytes(systemPageSize: number): number {
  return 4096 * (systemPageSize & -systemPageSize);
}
