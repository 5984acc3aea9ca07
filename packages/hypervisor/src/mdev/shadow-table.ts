/**
 * The shadow of one channel's page tables: what the GPU walks in place of the guest's. It follows
 * the guest's tables when it is told to, and differs from them where the mediator lays something
 * over a page. Pages of the guest's RAM are pinned while an entry leads to them.
 */
import { gpuVa, GpuError, PAGE_BYTES, pte } from '@doorbell/abi';
import type { BellChannel, HostBell } from '../host-bell/host-bell.ts';
import { GpuPageTable, type GpuPageTableState } from '../host-bell/page-table.ts';
import { cost } from '../profile.ts';
import type { GuestVram } from './guest-vram.ts';
import type { MediatedMemory } from './mediated-memory.ts';
import {
  BAD_LOW,
  BAD_TABLE,
  directoryEntry,
  NO_TABLE,
  systemEntry,
  tableEntry,
  UNREACHABLE_LOW,
  vramLow,
} from './shadow-entry.ts';
import type { TableBudget } from './table-budget.ts';

const { entries: ENTRIES } = gpuVa;
const WORDS = ENTRIES * 2;
/** Pages that wait for the GPU to forget them, at most. */
const MOST_RELEASED = 1024;
/** What no entry of a guest's that leads anywhere holds: it is looked at anew. */
const UNKNOWN_HIGH = 0xffffffff;

export interface ShadowParts {
  readonly bell: HostBell;
  readonly vram: GuestVram;
  readonly memory: MediatedMemory;
  readonly budget: TableBudget;
  /** The physical channel. */
  readonly channel: () => BellChannel;
  /** Whether the guest lets the device reach its RAM. */
  readonly masters: () => boolean;
}

interface GuestTable {
  /** The page of the guest's VRAM; `BAD_TABLE`: the directory's entry is refused. */
  readonly page: number;
  /** What the guest's table held when it was looked at, two words an entry. */
  readonly guest: Uint32Array;
  /** What stands for it, but for what is laid over. */
  readonly shadow: Uint32Array;
}

/** Where the mediator finds what a GPU virtual page holds. */
export type Source =
  | { readonly memory: 'vram'; readonly page: number }
  | { readonly memory: 'system'; readonly physical: number };

export interface ShadowState {
  readonly root: number;
  readonly directory: Uint32Array;
  readonly physical: GpuPageTableState;
  readonly grown: readonly number[];
  readonly tables: readonly (readonly [number, GuestTable])[];
  readonly pinned: readonly (readonly [number, number])[];
  readonly overlays: readonly (readonly [number, readonly [number, number]])[];
  readonly released: readonly number[];
  readonly lessened: boolean;
}

export class ShadowTable {
  /** The page of the guest's VRAM that its PAGE_ROOT names. */
  readonly guestRoot: number;
  private readonly parts: ShadowParts;
  private readonly physical: GpuPageTable;
  /** By index in the directory. */
  private readonly tables = new Map<number, GuestTable>();
  /** Indices whose physical table is there. */
  private readonly grown = new Set<number>();
  /** Guest-physical address that a GPU virtual page leads to. */
  private readonly pinned = new Map<number, number>();
  /** Entries laid over GPU virtual pages. */
  private readonly overlays = new Map<number, readonly [number, number]>();
  /** Guest-physical addresses to unpin when the GPU has forgotten them. */
  private readonly released: number[] = [];
  /** An entry that the GPU may have cached says less than it did. */
  private lessened = false;
  private readonly directory = new Uint32Array(WORDS);
  private readonly incoming = new Uint32Array(WORDS);

  /** Nothing is mapped yet; or what there was when `state` was saved. @throws GpuError `out-of-memory` */
  constructor(parts: ShadowParts, guestRoot: number, state?: ShadowState) {
    this.parts = parts;
    this.guestRoot = guestRoot;
    if (state !== undefined) {
      this.physical = new GpuPageTable(parts.bell, state.physical);
      this.restore(state);
      return;
    }
    if (!parts.budget.take()) {
      throw new GpuError('out-of-memory', 'The guest may have no more shadow page tables.');
    }
    try {
      this.physical = new GpuPageTable(parts.bell);
    } catch (error) {
      parts.budget.give(1);
      throw error;
    }
  }

  /** What PAGE_ROOT of the physical channel takes. */
  get root(): number {
    return this.physical.root;
  }

  // ------------------------------------------------------------------------------ following

  /** Reads all of the guest's tables, and applies what differs. */
  sync(): void {
    const { machine } = this.parts.bell.host;
    machine.counts.shadowUpdates++;
    machine.charge(cost['mdev.sync']);
    if (this.guestRoot < this.parts.vram.pages) {
      this.read(this.guestRoot, this.directory);
    } else {
      // A directory beyond VRAM: the walk ends there.
      this.directory.fill(BAD_LOW);
    }
    for (let index = 0; index < ENTRIES; index++) {
      this.syncTable(index, true);
    }
    this.settle();
  }

  /** A store to a page of the guest's VRAM that trapped. Tells whether the tables are others now. */
  written(page: number, offset: number): boolean {
    const entry = Math.floor(offset / gpuVa.entryBytes);
    const { machine } = this.parts.bell.host;
    let others = false;
    for (const [index, table] of this.tables) {
      if (table.page === page) {
        machine.counts.shadowUpdates++;
        this.incoming.set(table.guest);
        this.readEntry(page, entry, this.incoming);
        this.apply(index, table, this.incoming);
      }
    }
    if (page === this.guestRoot) {
      machine.counts.shadowUpdates++;
      this.readEntry(page, entry, this.directory);
      others = this.syncTable(entry, false);
    }
    if (this.released.length > MOST_RELEASED) {
      this.settle();
    }
    return others;
  }

  /** Pages of the guest's VRAM that hold its tables. */
  *tablePages(): Iterable<number> {
    yield this.guestRoot;
    for (const { page } of this.tables.values()) {
      if (page !== BAD_TABLE) {
        yield page;
      }
    }
  }

  /** The GPU forgets what has changed; then what led to RAM is unpinned. */
  settle(): void {
    if (this.lessened) {
      this.lessened = false;
      this.parts.channel().invalidate();
    }
    for (const address of this.released.splice(0)) {
      this.parts.memory.unpin(address);
    }
  }

  /** The guest has changed whether the device reaches RAM at all. */
  mastersChanged(): void {
    for (const [index, table] of this.tables) {
      const guest = table.guest.slice();
      this.apply(index, table, new Uint32Array(WORDS));
      this.apply(index, table, guest);
    }
    this.settle();
  }

  /** RAM of the guest goes away: the hardware refuses what leads there, until the guest maps it anew. */
  dropMemory(address: number, bytes: number): void {
    for (const [page, pinned] of [...this.pinned]) {
      if (pinned >= address && pinned < address + bytes) {
        const { guest, shadow } = this.tables.get(Math.floor(page / ENTRIES))!;
        const at = (page % ENTRIES) * 2;
        this.release(page);
        guest[at + 1] = UNKNOWN_HIGH;
        shadow[at] = UNREACHABLE_LOW;
        shadow[at + 1] = 0;
        this.lessened = true;
        this.publish(page, page);
      }
    }
    this.settle();
  }

  /** @param fresh  also looks into a table that is known. Tells whether another table is there now. */
  private syncTable(index: number, fresh: boolean): boolean {
    const { vram } = this.parts;
    const [low, high] = [this.directory[index * 2], this.directory[index * 2 + 1]];
    const page = directoryEntry(low, high, vram.pages);
    const known = this.tables.get(index);
    const isOther = (known?.page ?? NO_TABLE) !== page;
    if (page === NO_TABLE) {
      if (known !== undefined) {
        this.apply(index, known, this.incoming.fill(0));
        this.tables.delete(index);
      }
      return isOther;
    }
    if (isOther || fresh) {
      this.readTable(page);
      const table = {
        page,
        guest: known?.guest ?? new Uint32Array(WORDS),
        shadow: known?.shadow ?? new Uint32Array(WORDS),
      };
      this.tables.set(index, table);
      this.apply(index, table, this.incoming);
    }
    return isOther;
  }

  private readTable(page: number): void {
    if (page !== BAD_TABLE) {
      this.read(page, this.incoming);
      return;
    }
    for (let at = 0; at < WORDS; at += 2) {
      this.incoming[at] = BAD_LOW;
      this.incoming[at + 1] = 0;
    }
  }

  private read(page: number, into: Uint32Array): void {
    this.parts.vram.readPage(page, new Uint8Array(into.buffer));
  }

  /** One entry, from the store that has just been done. */
  private readEntry(page: number, entry: number, into: Uint32Array): void {
    const words = this.parts.vram.memory.words;
    const at = (page * PAGE_BYTES) / 4 + entry * 2;
    into[entry * 2] = words[at];
    into[entry * 2 + 1] = words[at + 1];
  }

  /** Makes the shadow of a table what `words` say. */
  private apply(index: number, { guest, shadow }: GuestTable, words: Uint32Array): void {
    let first = -1;
    let last = -1;
    for (let at = 0; at < WORDS; at += 2) {
      if (words[at] !== guest[at] || words[at + 1] !== guest[at + 1]) {
        const isThere = (shadow[at] & pte.VALID.mask) !== 0;
        this.derive(index * ENTRIES + at / 2, words[at], words[at + 1], shadow, at);
        guest[at] = words[at];
        guest[at + 1] = words[at + 1];
        this.lessened ||= isThere;
        first = first < 0 ? at / 2 : first;
        last = at / 2;
      }
    }
    if (first >= 0) {
      this.publish(index * ENTRIES + first, index * ENTRIES + last);
    }
  }

  /** Translates one entry, and pins what it leads to. What it led to is unpinned later. */
  private derive(page: number, low: number, high: number, into: Uint32Array, at: number): void {
    const { bell, memory, vram, masters } = this.parts;
    const entry = tableEntry(low, high, vram.pages);
    bell.host.machine.charge(cost['mdev.entry']);
    this.release(page);
    into[at + 1] = 0;
    switch (entry.kind) {
      case 'absent':
        into[at] = 0;
        break;
      case 'bad':
        into[at] = BAD_LOW;
        break;
      case 'vram':
        into[at] = vramLow(low, vram.first + entry.page);
        break;
      case 'system': {
        const pinned = masters() ? memory.pin(entry.address) : undefined;
        if (pinned === undefined) {
          into[at] = UNREACHABLE_LOW;
        } else {
          this.pinned.set(page, entry.address);
          [into[at], into[at + 1]] = systemEntry(low, pinned.iova);
        }
      }
    }
  }

  private release(page: number): void {
    const address = this.pinned.get(page);
    if (address !== undefined) {
      this.pinned.delete(page);
      this.released.push(address);
    }
  }

  // ------------------------------------------------------------------------------ laid over

  /** Lays an entry over a page, or (undefined) takes it away. */
  lay(page: number, entry: readonly [number, number] | undefined): void {
    if (entry === undefined) {
      this.overlays.delete(page);
    } else {
      this.overlays.set(page, entry);
    }
    this.lessened = true;
    this.publish(page, page);
  }

  /** What the guest's own tables lead to, or undefined: nothing that it could read. */
  source(page: number): Source | undefined {
    const [low] = this.derived(page);
    const { memory, vram } = this.parts;
    if ((low & pte.VALID.mask) === 0 || (low & pte.RESERVED.mask) !== 0) {
      return undefined;
    }
    if ((low & pte.SYSTEM.mask) === 0) {
      return { memory: 'vram', page: (low >>> gpuVa.tableShift) - vram.first };
    }
    const address = this.pinned.get(page);
    const pinned = address === undefined ? undefined : memory.at(address);
    return pinned === undefined ? undefined : { memory: 'system', physical: pinned.physical };
  }

  /** Whether an engine may read, or write, the page as far as the guest's tables go. */
  allows(page: number, writes: boolean): boolean {
    const [low] = this.derived(page);
    return this.source(page) !== undefined && (!writes || (low & pte.WRITE.mask) !== 0);
  }

  /** The entry that follows from the guest's, whatever is laid over it. */
  derived(page: number): readonly [number, number] {
    const shadow = this.tables.get(Math.floor(page / ENTRIES))?.shadow;
    const at = (page % ENTRIES) * 2;
    return shadow === undefined ? [0, 0] : [shadow[at], shadow[at + 1]];
  }

  // ------------------------------------------------------------------------------ what the GPU walks

  /** Writes the entries of pages `first` to `last`, which are of one table; a new table as a whole. */
  private publish(first: number, last: number): void {
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
      entries.set(this.overlays.get(page) ?? this.derived(page), (page - first) * 2);
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

  /** The channel is reset. */
  destroy(): void {
    for (const page of [...this.pinned.keys()]) {
      this.release(page);
    }
    this.lessened = true;
    this.settle();
    this.physical.destroy();
    this.parts.budget.give(1 + this.grown.size);
  }

  // ------------------------------------------------------------------------------ state

  save(): ShadowState {
    return {
      root: this.guestRoot,
      directory: this.directory.slice(),
      physical: this.physical.save(),
      grown: [...this.grown],
      tables: [...this.tables].map(([index, { page, guest, shadow }]) => [
        index,
        { page, guest: guest.slice(), shadow: shadow.slice() },
      ]),
      pinned: [...this.pinned],
      overlays: [...this.overlays],
      released: [...this.released],
      lessened: this.lessened,
    };
  }

  private restore(state: ShadowState): void {
    this.directory.set(state.directory);
    for (const [index, { page, guest, shadow }] of state.tables) {
      this.tables.set(index, { page, guest: guest.slice(), shadow: shadow.slice() });
    }
    state.grown.forEach((index) => this.grown.add(index));
    state.pinned.forEach(([page, address]) => this.pinned.set(page, address));
    state.overlays.forEach(([page, entry]) => this.overlays.set(page, entry));
    this.released.push(...state.released);
    this.lessened = state.lessened;
  }
}
