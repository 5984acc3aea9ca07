/** Page tables of a saved state, walked for an address: the GPU's and the IOMMU's. */
import { gpuVa, PAGE_BYTES, pte, channelRegisters, type Bdf } from '@doorbell/abi';
import { channelHome, type BellState } from '@doorbell/device-model';
import {
  entryAddress,
  levelBytes,
  pagingEntry,
  tableIndex,
  type HostState,
} from '@doorbell/hypervisor';
import type { StackState } from '../../stacks/stack.ts';
import { readWord } from './pages.ts';
import { hostOf } from './saved.ts';

/** One entry that a walk reads. */
export interface WalkStep {
  /** `directory`, `table`, or the level of an IOMMU's table. */
  readonly table: string;
  /** Which entry of the table. */
  readonly index: number;
  /** Where the entry lies: in the whole part's VRAM, or in memory. And its two words. */
  readonly at: number;
  readonly low: number;
  readonly high: number;
  /** The bits of it that are set, by their names; no address. */
  readonly flags: readonly string[];
}

export interface PageWalk {
  readonly steps: readonly WalkStep[];
  /** Where the address leads; undefined: nowhere, `end` says why. */
  readonly address: number | undefined;
  /** `VRAM`, `bus`, `memory`; or why the walk ended. */
  readonly end: string;
  readonly write: boolean;
}

const BEYOND = "beyond the function's VRAM";
const PAGE_ROOT = channelRegisters.names.indexOf('PAGE_ROOT');

function gpuFlags(low: number): readonly string[] {
  const { VALID, WRITE, SYSTEM, TABLE } = pte;
  return named({ VALID, WRITE, SYSTEM, TABLE }, (row) => (low & row.mask) !== 0);
}

function iommuFlags(low: number): readonly string[] {
  const { READ, WRITE, PAGE_SIZE } = pagingEntry;
  return named({ READ, WRITE, PAGE_SIZE }, (mask) => (low & mask) !== 0);
}

function named<T>(rows: Readonly<Record<string, T>>, isSet: (row: T) => boolean): string[] {
  return Object.entries(rows)
    .filter(([, row]) => isSet(row))
    .map(([name]) => name);
}

function nowhere(steps: readonly WalkStep[], end: string): PageWalk {
  return { steps, address: undefined, end, write: false };
}

/** Of a channel's virtual address, through the VRAM of the function that has the channel. */
export function walkGpu(part: BellState, channel: number, va: number): PageWalk {
  const { window } = channelHome(part, channel);
  const steps: WalkStep[] = [];
  const entry = (table: string, base: number, index: number): WalkStep => {
    const at = window.base + base + index * gpuVa.entryBytes;
    const [low, high] = [readWord(part.vram, at), readWord(part.vram, at + 4)];
    const step = { table, index, at, low, high, flags: gpuFlags(low) };
    steps.push(step);
    return step;
  };
  const target = ({ low, high }: WalkStep): number =>
    high * 2 ** 32 + ((low & pte.ADDRESS.mask) >>> 0);
  const isBeyond = (table: number): boolean => table + PAGE_BYTES > window.size;
  if (va >= 2 ** gpuVa.bits) {
    return nowhere(steps, `beyond the ${gpuVa.bits} bits of a GPU virtual address`);
  }
  const root = part.channels[channel].registers[PAGE_ROOT] * PAGE_BYTES;
  if (isBeyond(root)) {
    return nowhere(steps, BEYOND);
  }
  const directory = entry('directory', root, va >>> gpuVa.directoryShift);
  if ((directory.low & pte.VALID.mask) === 0) {
    return nowhere(steps, 'not present');
  }
  if (isBeyond(target(directory))) {
    return nowhere(steps, BEYOND);
  }
  const page = entry('table', target(directory), (va >>> gpuVa.tableShift) % gpuVa.entries);
  if ((page.low & pte.VALID.mask) === 0) {
    return nowhere(steps, 'not present');
  }
  const isInVram = (page.low & pte.SYSTEM.mask) === 0;
  if (isInVram && isBeyond(target(page))) {
    return nowhere(steps, BEYOND);
  }
  return {
    steps,
    address: (isInVram ? window.base : 0) + target(page) + (va % PAGE_BYTES),
    end: isInVram ? 'VRAM' : 'bus',
    write: (page.low & pte.WRITE.mask) !== 0,
  };
}

/** Of what a function reaches through the host's IOMMU, as far as the context cache knows it. */
export function walkIommu({ iommu, memory }: HostState, requester: Bdf, iova: number): PageWalk {
  if (!iommu.enabled) {
    return { steps: [], address: iova, end: 'memory, as the IOMMU is off', write: true };
  }
  const line = iommu.contexts.requesters.indexOf(requester);
  if (line < 0) {
    return nowhere([], 'the IOMMU has not met this function yet');
  }
  const steps: WalkStep[] = [];
  let table = iommu.contexts.roots[line];
  for (let level = iommu.contexts.levels[line]; level >= 1; level--) {
    const index = tableIndex(iova, level);
    const at = table + index * 8;
    const [low, high] = [readWord(memory, at), readWord(memory, at + 4)];
    steps.push({ table: `level ${level}`, index, at, low, high, flags: iommuFlags(low) });
    if ((low & (pagingEntry.READ | pagingEntry.WRITE)) === 0) {
      return nowhere(steps, 'not present');
    }
    table = entryAddress(low, high);
    if (level === 1 || (low & pagingEntry.PAGE_SIZE) !== 0) {
      const address = table + (iova % levelBytes(level));
      return { steps, address, end: 'memory', write: (low & pagingEntry.WRITE) !== 0 };
    }
  }
  return nowhere(steps, 'no leaf');
}

/** A translation that the IOTLB holds. */
export interface IotlbEntry {
  readonly domain: number;
  readonly iova: number;
  readonly bytes: number;
  readonly address: number;
  readonly read: boolean;
  readonly write: boolean;
}

/** What it used last comes first. */
export function iotlbEntries(state: StackState): readonly IotlbEntry[] {
  const { iotlb } = hostOf(state).iommu;
  const entries: IotlbEntry[] = [];
  for (let slot = iotlb.newest; slot >= 0; slot = iotlb.older[slot]) {
    const tag = iotlb.tags[slot];
    const page = (tag & 0xf) * 2 ** 32 + iotlb.pages[slot];
    const bytes = levelBytes(((tag >>> 4) & 3) + 1);
    const access = iotlb.access[slot];
    entries.push({
      ...{ domain: tag >>> 8, iova: page * bytes, bytes, address: iotlb.bases[slot] },
      ...{ read: (access & pagingEntry.READ) !== 0, write: (access & pagingEntry.WRITE) !== 0 },
    });
  }
  return entries;
}
