/**
 * The page tables that the GPU walks in place of the guest's: each entry is what follows from the
 * guest's, or what the mediator has laid over the page. A table has room once an entry of it leads
 * anywhere.
 */
import { gpuVa } from '@doorbell/abi';
import type { HostBell } from '../host-bell/host-bell.ts';
import { GpuPageTable, type GpuPageTableState } from '../host-bell/page-table.ts';
import type { TableBudget } from './table-budget.ts';

const { entries: ENTRIES } = gpuVa;

/** Two words. */
export type EntryWords = readonly [number, number];

export interface LaidTableParts {
  readonly bell: HostBell;
  /** A table has been taken from it for the directory. */
  readonly budget: TableBudget;
  /** What follows from the guest's tables for a GPU virtual page. */
  readonly derived: (page: number) => EntryWords;
}

export interface LaidTableState {
  readonly physical: GpuPageTableState;
  readonly grown: readonly number[];
  readonly overlays: readonly (readonly [number, EntryWords])[];
}

export class LaidTable {
  private readonly parts: LaidTableParts;
  private readonly physical: GpuPageTable;
  /** Indices in the directory whose physical table is there. */
  private readonly grown: Set<number>;
  /** Entries laid over GPU virtual pages. */
  private readonly overlays: Map<number, EntryWords>;

  /** Nothing is there yet; or what there was when `state` was saved. @throws GpuError `out-of-memory` */
  constructor(parts: LaidTableParts, state?: LaidTableState) {
    this.parts = parts;
    this.grown = new Set(state?.grown);
    this.overlays = new Map(state?.overlays);
    this.physical = new GpuPageTable(parts.bell, state?.physical);
  }

  /** What PAGE_ROOT of the physical channel takes. */
  get root(): number {
    return this.physical.root;
  }

  /** Lays an entry over a page, or (undefined) takes it away. */
  lay(page: number, entry: EntryWords | undefined): void {
    if (entry === undefined) {
      this.overlays.delete(page);
    } else {
      this.overlays.set(page, entry);
    }
    this.publish(page, page);
  }

  /** Writes the entries of pages `first` to `last`, which are of one table; a new table as a whole. */
  publish(first: number, last: number): void {
    const index = Math.floor(first / ENTRIES);
    const entries = this.entries(first, last);
    if (this.grown.has(index)) {
      this.physical.write(first, entries);
    } else if (entries.some((word) => word !== 0) && this.grow(index)) {
      this.physical.write(
        index * ENTRIES,
        this.entries(index * ENTRIES, (index + 1) * ENTRIES - 1),
      );
    }
  }

  private entries(first: number, last: number): Uint32Array {
    const entries = new Uint32Array((last - first + 1) * 2);
    for (let page = first; page <= last; page++) {
      entries.set(this.overlays.get(page) ?? this.parts.derived(page), (page - first) * 2);
    }
    return entries;
  }

  /** False: the guest, or the part, has no room for another table; its pages are not present. */
  private grow(index: number): boolean {
    const { bell, budget } = this.parts;
    if (!budget.take()) {
      return false;
    }
    const isRoom = bell.vramPagesUsed < bell.vramPages;
    if (isRoom) {
      this.grown.add(index);
    } else {
      budget.give(1);
    }
    return isRoom;
  }

  destroy(): void {
    this.physical.destroy();
    this.parts.budget.give(1 + this.grown.size);
  }

  save(): LaidTableState {
    return {
      physical: this.physical.save(),
      grown: [...this.grown],
      overlays: [...this.overlays],
    };
  }
}
