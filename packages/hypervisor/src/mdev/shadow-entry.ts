/**
 * What stands in a shadow for an entry of a guest's page tables. Whatever the guest may not have is
 * left to the hardware to refuse: the fault is then the one that the guest would have seen.
 */
import { PAGE_BYTES, pte } from '@doorbell/abi';

/** The high word of an entry holds address bits 47:32; the rest is reserved. */
const HIGH_RESERVED = 0xffff0000;
/** What tells a directory's entry from a table's. */
const KIND = pte.TABLE.mask | pte.WRITE.mask | pte.SYSTEM.mask;
const KEPT = pte.VALID.mask | pte.WRITE.mask;

/** The low word of an entry with a reserved bit: BAD_ENTRY. */
export const BAD_LOW = pte.VALID.mask | pte.RESERVED.mask;
/** The low word of an entry for bus address 0, which the DMA API never gives out: BUS. */
export const UNREACHABLE_LOW = pte.VALID.mask | pte.SYSTEM.mask | pte.WRITE.mask;

export type GuestEntry =
  | { readonly kind: 'absent' | 'bad' }
  /** A page of the guest's VRAM. */
  | { readonly kind: 'vram'; readonly page: number }
  /** A page of the guest's RAM, by guest-physical address. */
  | { readonly kind: 'system'; readonly address: number };

const absent: GuestEntry = { kind: 'absent' };
const bad: GuestEntry = { kind: 'bad' };

function addressOf(low: number, high: number): number {
  return high * 2 ** 32 + ((low & pte.ADDRESS.mask) >>> 0);
}

function isMalformed(low: number, high: number): boolean {
  return (low & pte.RESERVED.mask) !== 0 || (high & HIGH_RESERVED) !== 0;
}

/** An entry of a table, as the GPU would take it on a part of `pages` pages of VRAM. */
export function tableEntry(low: number, high: number, pages: number): GuestEntry {
  if ((low & pte.VALID.mask) === 0) {
    return absent;
  }
  if (isMalformed(low, high) || (low & pte.TABLE.mask) !== 0) {
    return bad;
  }
  const address = addressOf(low, high);
  if ((low & pte.SYSTEM.mask) !== 0) {
    return { kind: 'system', address };
  }
  const page = address / PAGE_BYTES;
  return page < pages ? { kind: 'vram', page } : bad;
}

/** An entry of a directory: the page of VRAM that holds the table; -1 absent; -2 bad. */
export function directoryEntry(low: number, high: number, pages: number): number {
  if ((low & pte.VALID.mask) === 0) {
    return NO_TABLE;
  }
  if (isMalformed(low, high) || (low & KIND) !== pte.TABLE.mask) {
    return BAD_TABLE;
  }
  const page = addressOf(low, high) / PAGE_BYTES;
  return page < pages ? page : BAD_TABLE;
}
export const NO_TABLE = -1;
export const BAD_TABLE = -2;

/** The low word that leads to a page of the whole VRAM, as far as the guest's entry allows. */
export function vramLow(low: number, page: number): number {
  return page * PAGE_BYTES + (low & KEPT);
}

/** The two words that lead to a bus address. */
export function systemEntry(low: number, iova: number): readonly [number, number] {
  const flags = (low & KEPT) | pte.SYSTEM.mask;
  return [((iova & pte.ADDRESS.mask) | flags) >>> 0, Math.floor(iova / 2 ** 32)];
}
