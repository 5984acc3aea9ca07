/** The guest's memory as SET_MEM_TABLE gives it: files that are mapped, and whose addresses they have. */
import type { MappedMemory } from '../memory/mapped-memory.ts';
import type { Libc } from '../native/libc.ts';
import { MAX_REGIONS, memoryRegion, memoryTable } from './messages.ts';
import { ProtocolViolation, requireThat } from './rule.ts';

/** Addresses are numbers below 2^52 (abi's ports): exact, and more than a guest has. */
const MAX_GUEST_ADDRESS = 2n ** 52n;
const PAGE_BYTES = 4096n;

interface Region {
  readonly guestAddress: number;
  readonly userAddress: bigint;
  readonly size: number;
  readonly mmapOffset: number;
}

interface MappedRegion extends Region {
  readonly buffer: ArrayBuffer;
}

/** In bytes. */
export interface GuestRange {
  readonly address: number;
  readonly bytes: number;
}

export class MemoryTable {
  private readonly libc: Libc;
  private readonly memory: MappedMemory;
  private regions: readonly MappedRegion[] = [];

  /** @param memory  reaches what the table has from now on. */
  constructor(libc: Libc, memory: MappedMemory) {
    this.libc = libc;
    this.memory = memory;
  }

  /**
   * The table of before holds when this is refused.
   * @param inUse  what must be in the table, too.
   * @throws ProtocolViolation
   */
  set(payload: Uint8Array, files: readonly number[], inUse: readonly GuestRange[] = []): void {
    const regions = regionsOf(payload);
    requireThat(
      files.length === regions.length,
      `A table of ${regions.length} regions came with ${files.length} descriptors.`,
    );
    checkApart(regions);
    for (const { address, bytes } of inUse) {
      const isThere = regions.some(
        (region) =>
          address >= region.guestAddress && address + bytes <= region.guestAddress + region.size,
      );
      requireThat(isThere, 'Memory was taken away from a queue that is started.');
    }
    this.replace(this.mapAll(regions, files));
  }

  /** Nothing is reached any more. */
  clear(): void {
    this.replace([]);
  }

  private replace(regions: readonly MappedRegion[]): void {
    const old = this.regions;
    this.regions = regions;
    this.memory.setRanges(
      regions.map(({ guestAddress: address, buffer }) => ({ address, buffer })),
    );
    for (const { buffer } of old) {
      this.libc.unmap(buffer);
    }
  }

  private mapAll(regions: readonly Region[], files: readonly number[]): MappedRegion[] {
    const mapped: MappedRegion[] = [];
    try {
      regions.forEach((region, index) => {
        const buffer = this.libc.mapShared(files[index], region.mmapOffset, region.size);
        mapped.push({ ...region, buffer });
      });
      return mapped;
    } catch (error) {
      for (const { buffer } of mapped) {
        this.libc.unmap(buffer);
      }
      throw new ProtocolViolation(
        `A region of memory cannot be mapped: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
  }

  /** The guest's address of what the front-end has at one of its own. @throws ProtocolViolation */
  guestAddress(userAddress: bigint): number {
    for (const region of this.regions) {
      const offset = userAddress - region.userAddress;
      if (offset >= 0n && offset < BigInt(region.size)) {
        return region.guestAddress + Number(offset);
      }
    }
    throw new ProtocolViolation(`No region of memory has 0x${userAddress.toString(16)}.`);
  }
}

/** @throws ProtocolViolation */
function regionsOf(payload: Uint8Array): Region[] {
  requireThat(payload.length >= memoryTable.size, 'A table of memory regions is cut off.');
  const { regions: count } = memoryTable.decode(payload);
  requireThat(
    count <= MAX_REGIONS,
    `A table has ${count} regions of memory, of ${MAX_REGIONS} at most.`,
  );
  requireThat(
    payload.length === memoryTable.size + count * memoryRegion.size,
    `A table of ${count} regions has ${payload.length} bytes.`,
  );
  return Array.from({ length: count }, (_, index) =>
    regionAt(payload, memoryTable.size + index * memoryRegion.size),
  );
}

/** @throws ProtocolViolation */
function regionAt(payload: Uint8Array, at: number): Region {
  const { guestAddress, size, userAddress, mmapOffset } = memoryRegion.decode(payload, at);
  const isPages = [guestAddress, size, mmapOffset].every((value) => value % PAGE_BYTES === 0n);
  requireThat(size > 0n && isPages, 'A region of memory is not whole pages.');
  requireThat(
    guestAddress + size <= MAX_GUEST_ADDRESS && mmapOffset + size <= MAX_GUEST_ADDRESS,
    'A region of memory is beyond 2^52.',
  );
  return {
    guestAddress: Number(guestAddress),
    size: Number(size),
    userAddress,
    mmapOffset: Number(mmapOffset),
  };
}

/** @throws ProtocolViolation when two regions have the same guest address. */
function checkApart(regions: readonly Region[]): void {
  const ordered = [...regions].sort((a, b) => a.guestAddress - b.guestAddress);
  ordered.forEach((region, index) => {
    const next = ordered[index + 1] as Region | undefined;
    requireThat(
      next === undefined || region.guestAddress + region.size <= next.guestAddress,
      'Two regions of memory overlap.',
    );
  });
}
