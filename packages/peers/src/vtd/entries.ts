/** Entries of the tables in memory, found as hardware finds them. */
import type { Bdf, MemoryBacking } from '@doorbell/abi';
import {
  contextEntry,
  entryAddress,
  pagingEntry,
  rootEntry,
  tableIndex,
} from '@doorbell/hypervisor';

/** An entry, by its place among the words of memory. */
export interface Entry {
  readonly at: number;
  readonly words: number;
}

export function rootOf(rootTable: number, requester: Bdf): Entry {
  return {
    at: (rootTable + (requester >>> 8) * rootEntry.bytes) / 4,
    words: rootEntry.bytes / 4,
  };
}

export function contextOf(memory: MemoryBacking, rootTable: number, requester: Bdf): Entry {
  const { at } = rootOf(rootTable, requester);
  const table = entryAddress(memory.words[at], memory.words[at + 1]);
  return {
    at: (table + (requester & 0xff) * contextEntry.bytes) / 4,
    words: contextEntry.bytes / 4,
  };
}

export interface PagingStep extends Entry {
  readonly level: number;
  readonly isLeaf: boolean;
}

/** From the top table to the leaf, or to what is not present. */
export function pathOf(
  memory: MemoryBacking,
  root: number,
  levels: number,
  iova: number,
): readonly PagingStep[] {
  const { words } = memory;
  const path: PagingStep[] = [];
  let table = root;
  for (let level = levels; level >= 1; level--) {
    const at = (table + tableIndex(iova, level) * 8) / 4;
    const isLeaf = level === 1 || (words[at] & pagingEntry.PAGE_SIZE) !== 0;
    path.push({ at, words: 2, level, isLeaf });
    if (isLeaf || (words[at] & (pagingEntry.READ | pagingEntry.WRITE)) === 0) {
      break;
    }
    table = entryAddress(words[at], words[at + 1]);
  }
  return path;
}
