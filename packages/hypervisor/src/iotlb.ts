/**
 * The IOTLB: translations that were walked, a set number of them, the least recently used one
 * replaced first. An entry is tagged by its domain and its page size. It is filled only by
 * walks and emptied only by invalidation, so it may disagree with the tables: that window is
 * what strict and deferred unmapping differ in. Nothing is allocated per operation.
 */
import type { Stateful } from '@doorbell/abi';
import { levelBytes } from './vtd.ts';

/** 0: 4 KiB, 1: 2 MiB, 2: 1 GiB. */
export type PageClass = 0 | 1 | 2;
const CLASSES = 3;
const NONE = -1;
/** Ranges of up to this many pages are looked up one by one; larger ones by a pass over all entries. */
const PROBED_PAGES = 16;

function classBytes(pageClass: number): number {
  return levelBytes(pageClass + 1);
}

export interface IotlbState {
  readonly pages: Uint32Array;
  readonly tags: Uint32Array;
  readonly bases: Float64Array;
  readonly access: Uint8Array;
  readonly newer: Int32Array;
  readonly older: Int32Array;
  readonly table: Int32Array;
  readonly newest: number;
  readonly oldest: number;
  readonly free: number;
}

export class Iotlb implements Stateful<IotlbState> {
  // One element per slot.
  /** The page's number, bits 31:0. */
  private readonly pages: Uint32Array;
  /** Bits 3:0 the page's number, bits 35:32; bits 5:4 its class; bits 23:8 the domain. */
  private readonly tags: Uint32Array;
  /** The page's physical address. */
  private readonly bases: Float64Array;
  /** READ and WRITE as in a paging entry. */
  private readonly access: Uint8Array;
  /** The list by time of use; `older` also links the free slots. */
  private readonly newer: Int32Array;
  private readonly older: Int32Array;
  private newest = NONE;
  private oldest = NONE;
  private free = 0;
  /** Open addressing: a slot, or NONE. */
  private readonly table: Int32Array;
  private readonly shift: number;
  /** Entries of each class, so that lookups skip sizes that are not in use. */
  private readonly population = new Int32Array(CLASSES);

  /** @throws RangeError unless `entries` is from 1 to 65536. */
  constructor(entries: number) {
    if (!(Number.isInteger(entries) && entries >= 1 && entries <= 65536)) {
      throw new RangeError(`An IOTLB has from 1 to 65536 entries, not ${entries}.`);
    }
    this.pages = new Uint32Array(entries);
    this.tags = new Uint32Array(entries);
    this.bases = new Float64Array(entries);
    this.access = new Uint8Array(entries);
    this.newer = new Int32Array(entries);
    this.older = new Int32Array(entries);
    // At most half full, so that probes are short and always end.
    const bits = 32 - Math.clz32(2 * entries - 1);
    this.table = new Int32Array(2 ** bits);
    this.shift = 32 - bits;
    this.table.fill(NONE);
    for (let slot = 0; slot < entries; slot++) {
      this.older[slot] = slot + 1 < entries ? slot + 1 : NONE;
    }
  }

  /** The slot that translates `iova`, which becomes the most recently used one; -1 for none. */
  find(domain: number, iova: number): number {
    const lo = iova >>> 0;
    const hi = (iova / 2 ** 32) | 0;
    let slot = NONE;
    if (this.population[0] > 0) {
      slot = this.probe((lo >>> 12) | (hi << 20), (hi >>> 12) | (domain << 8));
    }
    if (slot < 0 && this.population[1] > 0) {
      slot = this.probe((lo >>> 21) | (hi << 11), 0x10 | (domain << 8));
    }
    if (slot < 0 && this.population[2] > 0) {
      slot = this.probe((lo >>> 30) | (hi << 2), 0x20 | (domain << 8));
    }
    if (slot >= 0 && slot !== this.newest) {
      this.unlink(slot);
      this.linkNewest(slot);
    }
    return slot;
  }

  accessOf(slot: number): number {
    return this.access[slot];
  }

  baseOf(slot: number): number {
    return this.bases[slot];
  }

  bytesOf(slot: number): number {
    return classBytes((this.tags[slot] >>> 4) & 3);
  }

  /** Enters a translation of the page that holds `iova`, in place of the least recently used one. */
  insert(domain: number, iova: number, pageClass: PageClass, base: number, access: number): void {
    const number = Math.floor(iova / classBytes(pageClass));
    const page = number >>> 0;
    const tag = ((number / 2 ** 32) | 0 | (pageClass << 4) | (domain << 8)) >>> 0;
    let slot = this.probe(page, tag);
    if (slot < 0) {
      slot = this.take();
      this.pages[slot] = page;
      this.tags[slot] = tag;
      this.enter(slot);
    } else {
      this.unlink(slot);
    }
    this.linkNewest(slot);
    this.bases[slot] = base;
    this.access[slot] = access;
  }

  /** Forgets every translation of a domain that overlaps a range. */
  clearRange(domain: number, iova: number, bytes: number): void {
    for (let pageClass = 0; pageClass < CLASSES; pageClass++) {
      if (this.population[pageClass] > 0) {
        this.clearClass(domain, pageClass, iova, iova + bytes);
      }
    }
  }

  /** How many translations it holds. */
  get size(): number {
    return this.population.reduce((sum, count) => sum + count, 0);
  }

  save(): IotlbState {
    return {
      pages: this.pages.slice(),
      tags: this.tags.slice(),
      bases: this.bases.slice(),
      access: this.access.slice(),
      newer: this.newer.slice(),
      older: this.older.slice(),
      table: this.table.slice(),
      newest: this.newest,
      oldest: this.oldest,
      free: this.free,
    };
  }

  load(state: IotlbState): void {
    this.pages.set(state.pages);
    this.tags.set(state.tags);
    this.bases.set(state.bases);
    this.access.set(state.access);
    this.newer.set(state.newer);
    this.older.set(state.older);
    this.table.set(state.table);
    this.newest = state.newest;
    this.oldest = state.oldest;
    this.free = state.free;
    this.population.fill(0);
    let left = this.older.length;
    for (let slot = this.newest; slot >= 0; slot = this.older[slot]) {
      if (left-- === 0) {
        throw new RangeError('The entries of an IOTLB are no list.');
      }
      this.count(slot, 1);
    }
  }

  private clearClass(domain: number, pageClass: number, from: number, to: number): void {
    const bytes = classBytes(pageClass);
    const firstPage = Math.floor(from / bytes);
    const lastPage = Math.ceil(to / bytes) - 1;
    if (lastPage - firstPage < PROBED_PAGES) {
      for (let number = firstPage; number <= lastPage; number++) {
        const tag = (number / 2 ** 32) | 0 | (pageClass << 4) | (domain << 8);
        this.drop(this.probe(number, tag));
      }
      return;
    }
    let next: number;
    for (let slot = this.newest; slot >= 0; slot = next) {
      next = this.older[slot];
      const tag = this.tags[slot];
      const number = this.pages[slot] + (tag & 0xf) * 2 ** 32;
      if (
        tag >>> 8 === domain &&
        ((tag >>> 4) & 3) === pageClass &&
        number >= firstPage &&
        number <= lastPage
      ) {
        this.drop(slot);
      }
    }
  }

  private hash(page: number, tag: number): number {
    return Math.imul(page ^ Math.imul(tag, 0x9e37_79b1), 0x85eb_ca6b) >>> this.shift;
  }

  private probe(page: number, tag: number): number {
    const { table, pages, tags } = this;
    const mask = table.length - 1;
    for (let at = this.hash(page, tag); ; at = (at + 1) & mask) {
      const slot = table[at];
      if (slot < 0 || (pages[slot] === page >>> 0 && tags[slot] === tag >>> 0)) {
        return slot;
      }
    }
  }

  /** A slot to fill: a free one, or the least recently used. */
  private take(): number {
    if (this.free < 0) {
      this.drop(this.oldest);
    }
    const slot = this.free;
    this.free = this.older[slot];
    return slot;
  }

  private enter(slot: number): void {
    const mask = this.table.length - 1;
    let at = this.hash(this.pages[slot], this.tags[slot]);
    while (this.table[at] >= 0) {
      at = (at + 1) & mask;
    }
    this.table[at] = slot;
    this.count(slot, 1);
  }

  private drop(slot: number): void {
    if (slot < 0) {
      return;
    }
    this.count(slot, -1);
    this.unlink(slot);
    this.older[slot] = this.free;
    this.free = slot;
    this.leave(slot);
  }

  /** Takes a slot out of the table and moves later ones of its run back, so that no probe stops short. */
  private leave(slot: number): void {
    const { table } = this;
    const mask = table.length - 1;
    let hole = this.hash(this.pages[slot], this.tags[slot]);
    while (table[hole] !== slot) {
      hole = (hole + 1) & mask;
    }
    for (let at = (hole + 1) & mask; table[at] >= 0; at = (at + 1) & mask) {
      const other = table[at];
      const home = this.hash(this.pages[other], this.tags[other]);
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        table[hole] = other;
        hole = at;
      }
    }
    table[hole] = NONE;
  }

  private count(slot: number, change: number): void {
    const pageClass = (this.tags[slot] >>> 4) & 3;
    this.population[pageClass] = this.population[pageClass] + change;
  }

  private unlink(slot: number): void {
    const newer = this.newer[slot];
    const older = this.older[slot];
    if (newer < 0) {
      this.newest = older;
    } else {
      this.older[newer] = older;
    }
    if (older < 0) {
      this.oldest = newer;
    } else {
      this.newer[older] = newer;
    }
  }

  private linkNewest(slot: number): void {
    this.newer[slot] = NONE;
    this.older[slot] = this.newest;
    if (this.newest < 0) {
      this.oldest = slot;
    } else {
      this.newer[this.newest] = slot;
    }
    this.newest = slot;
  }
}
