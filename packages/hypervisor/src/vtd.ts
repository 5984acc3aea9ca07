/**
 * Intel VT-d's structures in memory (VT-d 3.3 §9): the root table by bus, context tables by
 * device and function, second-stage paging entries; and the reasons that a fault record gives.
 * An entry is handled as 32-bit words, `lo` and `hi` of each 8 bytes.
 */

/** Physical addresses have this many bits; higher address bits of an entry are reserved. */
export const HOST_ADDRESS_BITS = 46;

/** Bits 51:46 of an entry, in the word that holds bits 63:32. */
const BEYOND_HOST_ADDRESS = (2 ** 20 - 2 ** (HOST_ADDRESS_BITS - 32)) >>> 0;
/** Bits 63:46, in the same word. */
const BEYOND_HOST_ADDRESS_63 = (2 ** 32 - 2 ** (HOST_ADDRESS_BITS - 32)) >>> 0;

/**
 * Message-signalled interrupts are writes to this range: never translated. All other requests
 * to it are blocked and reported as DMA remapping faults (VT-d 3.3 §3.14).
 */
export const interruptRange = { base: 0xfee0_0000, size: 0x10_0000 } as const;

export function isInterruptAddress(address: number): boolean {
  return address >= interruptRange.base && address < interruptRange.base + interruptRange.size;
}

/** §9.1: 256 entries of 16 bytes, by bus. The upper 8 bytes are reserved. */
export const rootEntry = {
  bytes: 16,
  PRESENT: 1,
  reservedLo: 0xffe,
  reservedHi: BEYOND_HOST_ADDRESS_63,
} as const;

/** §9.3: 256 entries of 16 bytes, by device and function: a word of flags, then address width and domain. */
export const contextEntry = {
  bytes: 16,
  PRESENT: 1,
  /** Faults of this requester are not recorded. */
  FAULT_DISABLE: 2,
  typeShift: 2,
  typeMask: 3,
  reservedLo: 0xff0,
  reservedHi: BEYOND_HOST_ADDRESS_63,
  widthMask: 7,
  domainShift: 8,
  domainMask: 0xffff,
  /** Of the third word; the fourth is reserved as a whole. */
  reservedDomain: 0xff00_0080,
} as const;

/** The only translation type of a context entry: neither device TLBs, 01b, nor pass-through, 10b, are there. */
const SECOND_STAGE = 0;

/** §9.8: 512 entries of 8 bytes per table. Neither READ nor WRITE: not present. */
export const pagingEntry = {
  READ: 1,
  WRITE: 2,
  /** A leaf of 2 MiB or 1 GiB; reserved in the fourth level. */
  PAGE_SIZE: 0x80,
  /** Snoop control, bit 11, is not there; so is the transient mapping hint, bit 62. */
  reservedLo: 0x800,
  reservedHi: (0x4000_0000 | BEYOND_HOST_ADDRESS) >>> 0,
} as const;

export const TABLE_ENTRIES = 512;

/** The address width that a context entry names: 001b 39 bits and 3 levels, 010b 48 bits and 4. */
export function widthCode(levels: 3 | 4): 1 | 2 {
  return levels === 3 ? 1 : 2;
}

/** 39 or 48. */
export function addressBits(levels: 3 | 4): number {
  return levels * 9 + 12;
}

/** Bytes that one entry of a table at each level spans, from 1 on. */
const spans = [0, 2 ** 12, 2 ** 21, 2 ** 30, 2 ** 39] as const;

/** 4 KiB at level 1, 2 MiB at 2, 1 GiB at 3, 512 GiB at 4. */
export function levelBytes(level: number): number {
  return spans[level];
}

/** Which entry of a table at `level` translates an address. */
export function tableIndex(iova: number, level: number): number {
  return (iova / spans[level]) & (TABLE_ENTRIES - 1);
}

/** The address that an entry points to: bits 51:12, without those that are reserved. */
export function entryAddress(lo: number, hi: number): number {
  return (hi & 0xf_ffff) * 2 ** 32 + ((lo & 0xffff_f000) >>> 0);
}

/** Reasons of non-recoverable faults (§7.1.3). */
export const faultReasons = {
  ROOT_NOT_PRESENT: { code: 0x1, doc: 'The root entry of the bus is not present.' },
  CONTEXT_NOT_PRESENT: { code: 0x2, doc: 'The context entry of the function is not present.' },
  CONTEXT_INVALID: {
    code: 0x3,
    doc: 'The context entry has a type or an address width that is not supported.',
  },
  BEYOND_WIDTH: { code: 0x4, doc: 'The address has more bits than the domain.' },
  NO_WRITE: { code: 0x5, doc: 'The page may not be written, or is not mapped.' },
  NO_READ: { code: 0x6, doc: 'The page may not be read, or is not mapped.' },
  TABLE_ACCESS: { code: 0x7, doc: 'A paging entry could not be read.' },
  ROOT_ACCESS: { code: 0x8, doc: 'The root entry could not be read.' },
  CONTEXT_ACCESS: { code: 0x9, doc: 'The context entry could not be read.' },
  ROOT_RESERVED: { code: 0xa, doc: 'A reserved bit is set in a present root entry.' },
  CONTEXT_RESERVED: { code: 0xb, doc: 'A reserved bit is set in a present context entry.' },
  ENTRY_RESERVED: { code: 0xc, doc: 'A reserved bit is set in a present paging entry.' },
  /** Condition LGN.4. */
  INTERRUPT_RANGE: { code: 0xe, doc: 'The address reached lies in the interrupt range.' },
} as const;

// Why an entry ends a walk: the reason's code, or 0 when the walk goes on. An entry is given by
// its address in words.

export function rootFault(words: Uint32Array, at: number): number {
  const lo = words[at];
  if ((lo & rootEntry.PRESENT) === 0) {
    return faultReasons.ROOT_NOT_PRESENT.code;
  }
  const upper = words[at + 2] | words[at + 3];
  const reserved = (lo & rootEntry.reservedLo) | (words[at + 1] & rootEntry.reservedHi) | upper;
  return reserved === 0 ? 0 : faultReasons.ROOT_RESERVED.code;
}

export function contextFault(words: Uint32Array, at: number): number {
  const lo = words[at];
  if ((lo & contextEntry.PRESENT) === 0) {
    return faultReasons.CONTEXT_NOT_PRESENT.code;
  }
  const reserved =
    (lo & contextEntry.reservedLo) |
    (words[at + 1] & contextEntry.reservedHi) |
    (words[at + 2] & contextEntry.reservedDomain) |
    words[at + 3];
  if (reserved !== 0) {
    return faultReasons.CONTEXT_RESERVED.code;
  }
  const type = (lo >>> contextEntry.typeShift) & contextEntry.typeMask;
  const width = words[at + 2] & contextEntry.widthMask;
  const isValid = type === SECOND_STAGE && (width === widthCode(3) || width === widthCode(4));
  return isValid ? 0 : faultReasons.CONTEXT_INVALID.code;
}

export function pagingFault(words: Uint32Array, at: number, level: number, write: boolean): number {
  const lo = words[at];
  if ((lo & (pagingEntry.READ | pagingEntry.WRITE)) !== 0) {
    const isLarge = level > 1 && (lo & pagingEntry.PAGE_SIZE) !== 0;
    // The address of a large page has no bits within the page.
    const low = pagingEntry.reservedLo | (isLarge ? levelBytes(level) - levelBytes(1) : 0);
    if (
      (lo & low) !== 0 ||
      (words[at + 1] & pagingEntry.reservedHi) !== 0 ||
      (isLarge && level === 4)
    ) {
      return faultReasons.ENTRY_RESERVED.code;
    }
  }
  if ((lo & (write ? pagingEntry.WRITE : pagingEntry.READ)) === 0) {
    return write ? faultReasons.NO_WRITE.code : faultReasons.NO_READ.code;
  }
  return 0;
}
