import { describe, expect, it } from 'vitest';
import {
  extendedIds,
  type RegisterRow,
  sriovCapability,
  sriovRegisters,
  sriovWindow,
  systemPageBytes,
  TOTAL_VFS,
  vfBarOffset,
  channelWindow,
} from '../src/index.ts';

/* As Linux's include/uapi/linux/pci_regs.h writes the specification down (PCI_SRIOV_*). */
describe('the SR-IOV capability', () => {
  it('PCIe 6.0 §9.3.3: has each register where the figure has it', () => {
    const { names, rows, size } = sriovCapability;
    expect(names.map((name) => [name, (rows[name] as RegisterRow).offset])).toEqual([
      ...[
        ['HEADER', 0x00],
        ['CAPABILITIES', 0x04],
        ['CONTROL', 0x08],
        ['STATUS', 0x0a],
        ['INITIAL_VFS', 0x0c],
        ['TOTAL_VFS', 0x0e],
        ['NUM_VFS', 0x10],
        ['DEPENDENCY_LINK', 0x12],
      ],
      ...[
        ['FIRST_VF_OFFSET', 0x14],
        ['VF_STRIDE', 0x16],
        ['VF_DEVICE_ID', 0x1a],
        ['SUPPORTED_PAGE_SIZES', 0x1c],
        ['SYSTEM_PAGE_SIZE', 0x20],
      ],
      ...[0, 1, 2, 3, 4, 5].map((bar) => [`VF_BAR${bar}`, 0x24 + bar * 4]),
      ['MIGRATION_STATE_ARRAY', 0x3c],
    ]);
    expect(size).toBe(0x40);
    expect(extendedIds.SRIOV).toBe(0x10);
    expect(sriovCapability.rows.HEADER.reset).toBe(0x00010010);
  });

  it('§9.3.3.3: has the bits of the control register', () => {
    const { bits } = sriovCapability.rows.CONTROL;
    expect(Object.entries(bits).map(([name, { mask }]) => [name, mask])).toEqual([
      ['VF_ENABLE', 0x01],
      ['MIGRATION_ENABLE', 0x02],
      ['MIGRATION_INTERRUPT', 0x04],
      ['VF_MSE', 0x08],
      ['ARI', 0x10],
    ]);
  });

  it('counts VF BARs from 24h, and pages of the system in powers of two', () => {
    expect([vfBarOffset(0), vfBarOffset(5)]).toEqual([0x24, 0x38]);
    expect([1, 2, 0x10, 0x400].map(systemPageBytes)).toEqual([4096, 8192, 65536, 4 << 20]);
  });
});

it("bell's quotas lie between its registers and its channels", () => {
  const end = sriovWindow.base + (TOTAL_VFS + 1) * sriovWindow.stride;
  expect(end).toBeLessThanOrEqual(channelWindow.base);
  expect(sriovRegisters.size).toBe(sriovWindow.stride);
  expect(sriovRegisters.names.map((name) => sriovRegisters.rows[name].offset)).toEqual([0, 4, 8]);
});
