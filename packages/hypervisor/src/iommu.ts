/**
 * The IOMMU: DMA remapping as Intel VT-d does it (VT-d 3.3 §3), in legacy mode. Each request
 * carries its requester's ID; root table by bus, context table by function, then the page table
 * of the domain, all in memory. What cannot be walked is refused and recorded.
 *
 * Its caches are the context cache and the IOTLB. Paging-structure caches are not modelled.
 */
import {
  formatBdf,
  PAGE_BYTES,
  type Bdf,
  type MemoryBacking,
  type Stateful,
  type Trace,
} from '@doorbell/abi';
import { ContextCache, type ContextCacheState } from './context-cache.ts';
import { ContextTable } from './context-table.ts';
import { IommuError } from './errno.ts';
import { FaultLog, type FaultLogState, type IommuFault } from './fault-log.ts';
import { IoPageTable, type IoPageTableOptions, type TablePages } from './io-page-table.ts';
import { Iotlb, type IotlbState, type PageClass } from './iotlb.ts';
import type { AddressRange } from './range-list.ts';
import {
  addressBits,
  contextEntry,
  contextFault,
  entryAddress,
  faultReasons,
  isInterruptAddress,
  levelBytes,
  pagingEntry,
  pagingFault,
  rootEntry,
  rootFault,
  tableIndex,
} from './vtd.ts';

/** What the device waits for, in nanoseconds. */
export interface IommuCosts {
  /** A translation that the IOTLB knows. */
  readonly iotlbHit: number;
  /** Each entry that a walk reads: root, context, and one per level. */
  readonly walkLevel: number;
}

export interface IommuOptions {
  readonly memory: MemoryBacking;
  readonly pages: TablePages;
  readonly trace: Trace;
  readonly costs: IommuCosts;
  /** 64 by default. */
  readonly iotlbEntries?: number;
}

export interface IommuCounts {
  iotlbHits: number;
  iotlbMisses: number;
  faults: number;
  /** IOTLB invalidations, of whatever extent. */
  invalidations: number;
}

/** An IOVA space that devices are attached to. Whoever unmaps from its table also invalidates. */
export interface Domain {
  readonly id: number;
  readonly table: IoPageTable;
}

export interface IommuState {
  readonly enabled: boolean;
  readonly counts: IommuCounts;
  readonly latencyNs: number;
  readonly domains: readonly number[];
  readonly contexts: ContextCacheState;
  readonly iotlb: IotlbState;
  readonly faults: FaultLogState;
}

const REFUSED = -1;
/** Caching mode reserves it (VT-d 3.3 §6.1). */
const RESERVED_DOMAIN = 0;
const DOMAINS = 65536;
/** A page-selective invalidation names up to 2^18 pages: CAP_REG.MAMV. */
const LARGEST_SELECTIVE = 2 ** 18 * PAGE_BYTES;
const LIMIT_39 = 2 ** addressBits(3);
const LIMIT_48 = 2 ** addressBits(4);
const EVERYWHERE = LIMIT_48;
const FULL_ACCESS: number = pagingEntry.READ | pagingEntry.WRITE;

/** The least aligned power of two of pages that holds a range; undefined when that is too large to name. */
export function selectiveBlock(iova: number, bytes: number): AddressRange | undefined {
  let block = PAGE_BYTES;
  while (iova - (iova % block) + block < iova + bytes) {
    block *= 2;
  }
  return block > LARGEST_SELECTIVE ? undefined : { iova: iova - (iova % block), bytes: block };
}

export class Iommu implements Stateful<IommuState> {
  /** Off: every address passes. GCMD.TE. */
  enabled = false;
  readonly counts: IommuCounts = { iotlbHits: 0, iotlbMisses: 0, faults: 0, invalidations: 0 };
  private latencyNs = 0;

  private readonly memory: MemoryBacking;
  private readonly pages: TablePages;
  private readonly trace: Trace;
  private readonly costs: IommuCosts;
  private readonly tables: ContextTable;
  /** Ids in use. */
  private readonly domains = new Set([RESERVED_DOMAIN]);
  private readonly contexts = new ContextCache();
  private readonly iotlb: Iotlb;
  private readonly log = new FaultLog();

  constructor(options: IommuOptions) {
    this.memory = options.memory;
    this.pages = options.pages;
    this.trace = options.trace;
    this.costs = options.costs;
    this.iotlb = new Iotlb(options.iotlbEntries ?? 64);
    this.tables = new ContextTable(options.memory, options.pages);
  }

  // ------------------------------------------------------------------------------ device

  /**
   * The physical address that a request of `requester` reaches, or -1: refused, and recorded.
   * Requests are for memory: the messages of interrupts do not come this way.
   */
  translate(requester: Bdf, iova: number, write: boolean): number {
    if (!this.enabled) {
      return iova;
    }
    if (isInterruptAddress(iova)) {
      return this.refuse(requester, iova, write, faultReasons.INTERRUPT_RANGE.code);
    }
    let line = this.contexts.find(requester);
    if (line < 0) {
      line = this.walkContext(requester, iova, write);
      if (line < 0) {
        return REFUSED;
      }
    }
    if (iova >= (this.contexts.levelsOf(line) === 3 ? LIMIT_39 : LIMIT_48)) {
      return this.refuse(requester, iova, write, faultReasons.BEYOND_WIDTH.code);
    }
    const slot = this.iotlb.find(this.contexts.domainOf(line), iova);
    if (
      slot >= 0 &&
      (this.iotlb.accessOf(slot) & (write ? pagingEntry.WRITE : pagingEntry.READ)) !== 0
    ) {
      this.counts.iotlbHits++;
      this.latencyNs += this.costs.iotlbHit;
      // Pages have at most 30 bits, so that the offset can be taken in 32.
      const offset = iova & (this.iotlb.bytesOf(slot) - 1);
      return this.reach(requester, iova, write, this.iotlb.baseOf(slot) + offset);
    }
    this.counts.iotlbMisses++;
    return this.walk(requester, line, iova, write);
  }

  /** Nanoseconds that translations have taken since the last call. */
  takeLatency(): number {
    const taken = this.latencyNs;
    this.latencyNs = 0;
    return taken;
  }

  // ------------------------------------------------------------------------------ system software

  /** The physical address of the root table: RTADDR. */
  get rootTable(): number {
    return this.tables.root;
  }

  /** @throws IommuError ENOSPC when all 65,536 ids are in use. */
  createDomain(options: IoPageTableOptions = {}): Domain {
    let id = 0;
    while (this.domains.has(id)) {
      id++;
    }
    if (id >= DOMAINS) {
      throw new IommuError('ENOSPC', 'All domain ids are in use.');
    }
    const table = new IoPageTable(this.memory, this.pages, options);
    this.domains.add(id);
    return { id, table };
  }

  /** Gives a domain's tables and id back. @throws IommuError EBUSY while a function is attached to it. */
  destroyDomain(domain: Domain): void {
    const user = this.tables.userOf(domain.id);
    if (user >= 0) {
      throw new IommuError('EBUSY', `Domain ${domain.id} is still used by ${formatBdf(user)}.`);
    }
    this.invalidateDomain(domain);
    domain.table.destroy();
    this.domains.delete(domain.id);
  }

  /** Lets a function reach what the domain maps. @throws IommuError EBUSY when it is attached already. */
  attach(requester: Bdf, domain: Domain): void {
    const { root, levels } = domain.table;
    this.tables.set(requester, { root, levels, domain: domain.id });
  }

  /** From here on the function can touch nothing. Does nothing when it is not attached. */
  detach(requester: Bdf): void {
    if (this.tables.has(requester)) {
      const domain = this.tables.clear(requester);
      this.contexts.drop(requester);
      this.flush(domain, 0, EVERYWHERE);
    }
  }

  invalidateDomain(domain: Domain): void {
    this.flush(domain.id, 0, EVERYWHERE);
  }

  /**
   * Page-selective invalidation. Hardware takes an aligned power of two of pages, so what lies
   * around the range may go as well (VT-d 3.3 §6.5); a range that is too large takes the domain.
   */
  invalidatePages(domain: Domain, iova: number, bytes: number): void {
    const block = selectiveBlock(iova, bytes);
    if (block === undefined) {
      this.invalidateDomain(domain);
    } else {
      this.flush(domain.id, block.iova, block.bytes);
    }
  }

  /** Fault records, oldest first. They stay until they are cleared. */
  faults(): IommuFault[] {
    return this.log.pending();
  }

  /** Faults were lost, because every record was in use. */
  get faultOverflow(): boolean {
    return this.log.overflow;
  }

  clearFaults(): void {
    this.log.clear();
  }

  /** Without the tables, which memory holds. */
  save(): IommuState {
    return {
      enabled: this.enabled,
      counts: { ...this.counts },
      latencyNs: this.latencyNs,
      domains: [...this.domains],
      contexts: this.contexts.save(),
      iotlb: this.iotlb.save(),
      faults: this.log.save(),
    };
  }

  load(state: IommuState): void {
    this.enabled = state.enabled;
    Object.assign(this.counts, state.counts);
    this.latencyNs = state.latencyNs;
    this.domains.clear();
    state.domains.forEach((id) => this.domains.add(id));
    this.contexts.load(state.contexts);
    this.iotlb.load(state.iotlb);
    this.log.load(state.faults);
  }

  // ------------------------------------------------------------------------------ walks

  /** Reads root and context entry; returns the line of the context cache, or -1. */
  private walkContext(requester: Bdf, iova: number, write: boolean): number {
    const { words } = this.memory;
    const root = this.tables.root + (requester >>> 8) * rootEntry.bytes;
    let reason: number = this.fetches(root, rootEntry.bytes)
      ? rootFault(words, root / 4)
      : faultReasons.ROOT_ACCESS.code;
    if (reason !== 0) {
      return this.refuse(requester, iova, write, reason);
    }
    const table = entryAddress(words[root / 4], words[root / 4 + 1]);
    const entry = table + (requester & 0xff) * contextEntry.bytes;
    reason = this.fetches(entry, contextEntry.bytes)
      ? contextFault(words, entry / 4)
      : faultReasons.CONTEXT_ACCESS.code;
    if (reason !== 0) {
      return this.refuse(requester, iova, write, reason);
    }
    const lo = words[entry / 4];
    const upper = words[entry / 4 + 2];
    const domain = (upper >>> contextEntry.domainShift) & contextEntry.domainMask;
    const levels = (upper & contextEntry.widthMask) + 2;
    return this.contexts.insert(requester, domain, levels, entryAddress(lo, words[entry / 4 + 1]));
  }

  /** Walks the domain's table. At most one entry per level is read, so a loop in it ends. */
  private walk(requester: Bdf, line: number, iova: number, write: boolean): number {
    const { words } = this.memory;
    const levels = this.contexts.levelsOf(line);
    let table = this.contexts.rootOf(line);
    let access = FULL_ACCESS;
    for (let level = levels; level >= 1; level--) {
      const entry = table + tableIndex(iova, level) * 8;
      const reason = this.fetches(entry, 8)
        ? pagingFault(words, entry / 4, level, write)
        : faultReasons.TABLE_ACCESS.code;
      if (reason !== 0) {
        this.trace.event('iotlbMiss', iova, levels - level + 1);
        return this.refuse(requester, iova, write, reason);
      }
      const lo = words[entry / 4];
      access &= lo;
      table = entryAddress(lo, words[entry / 4 + 1]);
      if (level === 1 || (lo & pagingEntry.PAGE_SIZE) !== 0) {
        this.trace.event('iotlbMiss', iova, levels - level + 1);
        this.iotlb.insert(
          this.contexts.domainOf(line),
          iova,
          (level - 1) as PageClass,
          table,
          access,
        );
        return this.reach(requester, iova, write, table + (iova & (levelBytes(level) - 1)));
      }
    }
    return REFUSED;
  }

  /** Spends the time of reading an entry, and tells whether memory answers there. */
  private fetches(address: number, bytes: number): boolean {
    this.latencyNs += this.costs.walkLevel;
    return address + bytes <= this.memory.size;
  }

  /** Tables must not lead to the interrupt range either (VT-d 3.3 §3.14). */
  private reach(requester: Bdf, iova: number, write: boolean, physical: number): number {
    return isInterruptAddress(physical)
      ? this.refuse(requester, iova, write, faultReasons.INTERRUPT_RANGE.code)
      : physical;
  }

  private refuse(requester: Bdf, iova: number, write: boolean, reason: number): number {
    this.counts.faults++;
    this.trace.event('iommuFault', iova, reason);
    if (!this.tables.isSilenced(requester)) {
      this.log.record(requester, iova, write, reason);
    }
    return REFUSED;
  }

  private flush(domain: number, iova: number, bytes: number): void {
    this.iotlb.clearRange(domain, iova, bytes);
    this.counts.invalidations++;
    this.trace.event('iotlbFlush', iova, bytes);
  }
}
