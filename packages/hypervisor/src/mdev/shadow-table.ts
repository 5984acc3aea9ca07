/**
 * The shadow of one channel's page tables. It follows the guest's tables when it is told to:
 * translates their entries, and pins the pages of the guest's RAM that these lead to. What the GPU
 * walks may differ from it where the mediator lays something over a page.
 */
import { gpuVa, GpuError, PAGE_BYTES, pte } from '@doorbell/abi';
import type { BellChannel, HostBell } from '../host-bell/host-bell.ts';
import { cost } from '../profile.ts';
import type { GuestVram } from './guest-vram.ts';
import { type EntryWords, LaidTable, type LaidTableState } from './laid-table.ts';
import { LedToPages, type LedToPagesState } from './led-to-pages.ts';
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

export interface ShadowState extends LaidTableState, LedToPagesState {
  readonly root: number;
  readonly directory: Uint32Array;
  readonly tables: readonly (readonly [number, GuestTable])[];
}

export class ShadowTable {
  /** The page of the guest's VRAM that its PAGE_ROOT names. */
  readonly guestRoot: number;
  private readonly parts: ShadowParts;
  private readonly laid: LaidTable;
  private readonly pages: LedToPages;
  /** By index in the directory. */
  private readonly tables = new Map<number, GuestTable>();
  private readonly directory = new Uint32Array(WORDS);
  private readonly incoming = new Uint32Array(WORDS);

  /** Nothing is mapped yet; or what there was when `state` was saved. @throws GpuError `out-of-memory` */
  constructor(parts: ShadowParts, guestRoot: number, state?: ShadowState) {
    this.parts = parts;
    this.guestRoot = guestRoot;
    const { bell, budget, memory, channel } = parts;
    this.pages = new LedToPages(memory, () => channel().invalidate(), state);
    const laidParts = { bell, budget, derived: (page: number) => this.derived(page) };
    if (state !== undefined) {
      this.laid = new LaidTable(laidParts, state);
      this.restore(state);
      return;
    }
    if (!budget.take()) {
      throw new GpuError('out-of-memory', 'The guest may have no more shadow page tables.');
    }
    try {
      this.laid = new LaidTable(laidParts);
    } catch (error) {
      budget.give(1);
      throw error;
    }
  }

  /** What PAGE_ROOT of the physical channel takes. */
  get root(): number {
    return this.laid.root;
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
    if (this.pages.isFull) {
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
    this.pages.settle();
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
    for (const page of this.pages.within(address, bytes)) {
      const { guest, shadow } = this.tables.get(Math.floor(page / ENTRIES))!;
      const at = (page % ENTRIES) * 2;
      this.pages.release(page);
      guest[at + 1] = UNKNOWN_HIGH;
      shadow[at] = UNREACHABLE_LOW;
      shadow[at + 1] = 0;
      this.pages.lessen();
      this.laid.publish(page, page);
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
        if (isThere) {
          this.pages.lessen();
        }
        first = first < 0 ? at / 2 : first;
        last = at / 2;
      }
    }
    if (first >= 0) {
      this.laid.publish(index * ENTRIES + first, index * ENTRIES + last);
    }
  }

  /** Translates one entry, and pins what it leads to. What it led to is unpinned later. */
  private derive(page: number, low: number, high: number, into: Uint32Array, at: number): void {
    const { bell, vram, masters } = this.parts;
    const entry = tableEntry(low, high, vram.pages);
    bell.host.machine.charge(cost['mdev.entry']);
    this.pages.release(page);
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
        const pinned = masters() ? this.pages.pin(page, entry.address) : undefined;
        if (pinned === undefined) {
          into[at] = UNREACHABLE_LOW;
        } else {
          [into[at], into[at + 1]] = systemEntry(low, pinned.iova);
        }
      }
    }
  }

  // ------------------------------------------------------------------------------ laid over

  /** Lays an entry over a page, or (undefined) takes it away. */
  lay(page: number, entry: EntryWords | undefined): void {
    this.pages.lessen();
    this.laid.lay(page, entry);
  }

  /** What the guest's own tables lead to, or undefined: nothing that it could read. */
  source(page: number): Source | undefined {
    const [low] = this.derived(page);
    const { vram } = this.parts;
    if ((low & pte.VALID.mask) === 0 || (low & pte.RESERVED.mask) !== 0) {
      return undefined;
    }
    if ((low & pte.SYSTEM.mask) === 0) {
      return { memory: 'vram', page: (low >>> gpuVa.tableShift) - vram.first };
    }
    const pinned = this.pages.at(page);
    return pinned === undefined ? undefined : { memory: 'system', physical: pinned.physical };
  }

  /** Whether an engine may read, or write, the page as far as the guest's tables go. */
  allows(page: number, writes: boolean): boolean {
    const [low] = this.derived(page);
    return this.source(page) !== undefined && (!writes || (low & pte.WRITE.mask) !== 0);
  }

  /** The entry that follows from the guest's, whatever is laid over it. */
  derived(page: number): EntryWords {
    const shadow = this.tables.get(Math.floor(page / ENTRIES))?.shadow;
    const at = (page % ENTRIES) * 2;
    return shadow === undefined ? [0, 0] : [shadow[at], shadow[at + 1]];
  }

  /** The channel is reset. */
  destroy(): void {
    this.pages.releaseAll();
    this.pages.lessen();
    this.settle();
    this.laid.destroy();
  }

  // ------------------------------------------------------------------------------ state

  save(): ShadowState {
    const { physical, grown, overlays } = this.laid.save();
    const { pinned, released, lessened } = this.pages.save();
    const tables = [...this.tables].map(([index, { page, guest, shadow }]) => {
      return [index, { page, guest: guest.slice(), shadow: shadow.slice() }] as const;
    });
    return {
      ...{ root: this.guestRoot, directory: this.directory.slice(), physical, grown, tables },
      ...{ pinned, overlays, released, lessened },
    };
  }

  private restore(state: ShadowState): void {
    this.directory.set(state.directory);
    for (const [index, { page, guest, shadow }] of state.tables) {
      this.tables.set(index, { page, guest: guest.slice(), shadow: shadow.slice() });
    }
  }
}
