/** What may be wrong with tables: one change to one entry, which can be taken back. */
import type { MemoryBacking } from '@doorbell/abi';
import { contextEntry, pagingEntry, rootEntry } from '@doorbell/hypervisor';
import type { Random } from '../differential/random.ts';
import type { Entry, PagingStep } from './entries.ts';

/** Address bits that no memory is behind. */
export const BEYOND_MEMORY = 0x3000_0000;

/** The words of an entry, changed in place. */
type Change = (words: Uint32Array, random: Random) => void;

/** Bits 51:48 of an entry, reserved for every host address width that QEMU has. */
const HIGH_BITS = [16, 17, 18, 19] as const;

const setBit =
  (word: number, bit: number): Change =>
  (words) => {
    words[word] |= 1 << bit;
  };

const reservedIn =
  (word: number, bits: readonly number[]): Change =>
  (words, random) =>
    setBit(word, random.pick(bits))(words, random);

export const rootDamage: Readonly<Record<string, Change>> = {
  'root entry not present': (words) => (words[0] &= ~rootEntry.PRESENT),
  'root entry with a reserved low bit': reservedIn(0, [1, 2, 5, 11]),
  'root entry with a reserved high bit': reservedIn(1, [...HIGH_BITS, 31]),
  'root entry with an upper half': (words, random) => {
    words[2 + random.below(2)] = random.next() | 1;
  },
  'context table beyond memory': (words) => {
    words[0] = BEYOND_MEMORY | rootEntry.PRESENT;
  },
};

export const contextDamage: Readonly<Record<string, Change>> = {
  'context entry not present': (words) => (words[0] &= ~contextEntry.PRESENT),
  'context entry with a reserved low bit': reservedIn(0, [4, 5, 8, 11]),
  'context entry with a reserved high bit': reservedIn(1, [...HIGH_BITS, 31]),
  'context entry with a reserved upper bit': reservedIn(2, [7, 24, 28, 31]),
  'context entry with a reserved top bit': reservedIn(3, [0, 9, 31]),
  'context entry of a type for devices with caches': setBit(0, contextEntry.typeShift),
  'context entry of a reserved type': (words) =>
    (words[0] |= contextEntry.typeMask << contextEntry.typeShift),
  'context entry of a width that is not there': (words, random) => {
    words[2] = (words[2] & ~contextEntry.widthMask) | random.pick([0, 3, 4, 5, 6, 7]);
  },
  'context entry that is silent': (words) => (words[0] |= contextEntry.FAULT_DISABLE),
  'context entry that is absent and silent': (words) => {
    words[0] = (words[0] & ~contextEntry.PRESENT) | contextEntry.FAULT_DISABLE;
  },
  'context entry with ignored bits': reservedIn(2, [3, 4, 5, 6]),
};

/** Of a directory or a leaf that allows both reading and writing. */
const pagingDamage: Readonly<Record<string, Change>> = {
  'paging entry with snoop control': (words) => (words[0] |= pagingEntry.reservedLo),
  'paging entry with a transient mapping': setBit(1, 30),
  'paging entry with a reserved high bit': reservedIn(1, HIGH_BITS),
  'paging entry with ignored bits': (words, random) => {
    words[0] |= 1 << random.pick([2, 3, 4, 5, 6, 8, 9, 10]);
    words[1] |= 1 << random.pick([20, 24, 29, 31]);
  },
  'paging entry not present': (words) => {
    words[0] = 0;
  },
  'paging entry that is not present, of all other bits': (words) => {
    words[0] |= 0xffff_f800;
    words[0] &= ~(pagingEntry.READ | pagingEntry.WRITE);
  },
  'paging entry without reading': (words) => (words[0] &= ~pagingEntry.READ),
  'paging entry without writing': (words) => (words[0] &= ~pagingEntry.WRITE),
};

const directoryDamage: Readonly<Record<string, Change>> = {
  'table beyond memory': (words) => {
    words[0] = (words[0] & 0xfff) | BEYOND_MEMORY;
  },
};

const largeLeafDamage: Readonly<Record<string, Change>> = {
  'large page with an address within it': reservedIn(0, [12, 14, 20]),
};

const smallLeafDamage: Readonly<Record<string, Change>> = {
  'small page with the bit of a large one': (words) => (words[0] |= pagingEntry.PAGE_SIZE),
};

/** Changes an entry; gives what undoes it. */
export function damage(
  memory: MemoryBacking,
  { at, words }: Entry,
  change: Change,
  random: Random,
): () => void {
  const entry = memory.words.subarray(at, at + words);
  const before = entry.slice();
  change(entry, random);
  return () => entry.set(before);
}

/** All that may befall a step of a walk. */
export function stepDamage({ level, isLeaf }: PagingStep): Readonly<Record<string, Change>> {
  return {
    ...pagingDamage,
    ...(isLeaf ? (level > 1 ? largeLeafDamage : smallLeafDamage) : directoryDamage),
  };
}
