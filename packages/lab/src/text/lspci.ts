/** Functions as `lspci` prints them: configuration spaces that `lspci -F` reads, or the tree. */
import { formatBdf } from '@doorbell/abi';
import type { FunctionDump } from '../lspci.ts';
import { formatConfigSpace } from './config-dump.ts';
import { ownershipTable, pciTree } from './pci-tree.ts';

/** Ends with a line's end. */
export function lspciText(dumps: readonly FunctionDump[], isTree: boolean): string {
  return isTree
    ? `${pciTree(dumps)}\n\n${ownershipTable(dumps)}\n`
    : dumps.map(({ bdf, bytes }) => `${formatConfigSpace(formatBdf(bdf), bytes)}\n\n`).join('');
}
