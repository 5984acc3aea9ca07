/** bell's page tables: how a GPU virtual address is divided, and what an entry holds. */
import { bit, field } from './register.ts';

/**
 * The GPU's page tables. A virtual address has 30 bits: directory index 29:21, table index
 * 20:12, offset 11:0. Directory and tables are 512 entries of 8 bytes, in VRAM.
 */
export const gpuVa = {
  bits: 30,
  directoryShift: 21,
  tableShift: 12,
  entries: 512,
  entryBytes: 8,
} as const;

/** The low word of an entry; the high word holds address bits 47:32 in its low half, and zeros. */
export const pte = {
  VALID: bit(0, 'The entry is there.'),
  WRITE: bit(1, 'Writing is allowed (table entries).'),
  SYSTEM: bit(2, 'The page is at a bus address, not in VRAM (table entries).'),
  TABLE: bit(3, '1 in an entry of the directory, 0 in an entry of a table.'),
  /** Bits 11:4 are reserved and must be zero. */
  RESERVED: field(4, 8, 'Must be zero.'),
  ADDRESS: field(12, 20, 'Address bits 31:12.'),
} as const;
