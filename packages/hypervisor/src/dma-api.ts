/**
 * The kernel's DMA API for one device behind an IOMMU (drivers/iommu/dma-iommu.c): what stands
 * behind a driver's `Dma` port. Three modes, by when an unmapped IOVA is invalidated: `off`
 * (there is nothing to map), `strict` (before `unmap` returns), `deferred` (in batches: in
 * between, the device can still reach the pages, which is the price of the speed). The latter two
 * are policies, and so is whatever else somebody writes.
 */
import {
  PAGE_BYTES,
  type DmaDirection,
  type DmaMappings,
  type Stateful,
  type Timers,
} from '@doorbell/abi';
import {
  invalidations,
  type InvalidationKind,
  type InvalidationPlace,
  type InvalidationPolicy,
} from './invalidation/index.ts';
import type { IoAccess, IoPageTable } from './io-page-table.ts';
import type { Domain, Iommu } from './iommu.ts';
import { IovaAllocator, type IovaState } from './iova.ts';
import type { CostName } from './profile.ts';

export type IommuMode = 'off' | keyof typeof invalidations;
/** Or a policy that somebody else wrote. */
export type IommuPolicy = IommuMode | InvalidationKind;

/** Undefined: off. */
export function invalidationOf(policy: IommuPolicy): InvalidationKind | undefined {
  if (policy === 'off') {
    return undefined;
  }
  return typeof policy === 'string' ? invalidations[policy] : policy;
}

/** A driver's mistake with the DMA API, or an IOVA space that is full. */
export class DmaError extends Error {
  override readonly name = 'DmaError';
}

/** Spends CPU time: `times` operations of that price. */
export type Charge = (cost: CostName, times: number) => void;

/** What stands below a DMA API: one domain of an IOMMU, and how changes to its table take effect. */
export interface DmaDomain {
  readonly table: IoPageTable;
  /** Entries of a range became present. Hardware finds them by itself; whoever shadows the table must be told. */
  mapped(iova: number, bytes: number): void;
  /** Translations of a range are gone before it returns. */
  invalidate(iova: number, bytes: number): void;
  /** All of the domain's are. */
  invalidateAll(): void;
}

export interface IommuDmaOptions {
  readonly domain: DmaDomain;
  readonly invalidation: InvalidationKind;
  /** The call itself is its caller's to charge. */
  readonly charge: Charge;
  /** Timer 0 is the policy's: its owner calls `onTimer`. */
  readonly timers: Timers;
}

export interface IommuDmaState {
  readonly iovas: IovaState;
  /** As its policy has it. */
  readonly queue: unknown;
}

const POLICY_TIMER = 0;
/** A PCI device is given a 32-bit address while there are any. */
const FIRST_CHOICE_PAGES = 2 ** 32 / PAGE_BYTES;

/** DMA_TO_DEVICE is read by the device, DMA_FROM_DEVICE written. */
const accessOf: Readonly<Record<DmaDirection, IoAccess>> = {
  'to-device': { read: true, write: false },
  'from-device': { read: false, write: true },
  both: { read: true, write: true },
};

/** Mode `off`: the IOVA is the physical address. */
export const directDma: DmaMappings = {
  map: (address) => address,
  unmap: () => {},
};

/** A domain of an IOMMU that is there: it must be told of nothing but invalidations, which take their time. */
export function hardwareDomain(iommu: Iommu, domain: Domain, charge: Charge): DmaDomain {
  return {
    table: domain.table,
    mapped: () => {},
    invalidate: (iova, bytes) => {
      charge('iommu.invalidate', 1);
      iommu.invalidatePages(domain, iova, bytes);
    },
    invalidateAll: () => {
      charge('iommu.invalidate', 1);
      iommu.invalidateDomain(domain);
    },
  };
}

export class IommuDma implements DmaMappings, Stateful<IommuDmaState> {
  private readonly domain: DmaDomain;
  private readonly charge: Charge;
  private readonly iovas: IovaAllocator;
  private readonly policy: InvalidationPolicy;

  constructor(options: IommuDmaOptions) {
    this.domain = options.domain;
    this.charge = options.charge;
    this.iovas = new IovaAllocator(options.domain.table.limit);
    this.policy = options.invalidation.open(placeOf(options, this.iovas));
  }

  /** @throws DmaError when no IOVA is free. */
  map(address: number, bytes: number, direction: DmaDirection): number {
    const offset = address % PAGE_BYTES;
    const pages = pagesOf(offset, bytes);
    const page = this.allocate(pages);
    const { domain } = this;
    try {
      const entries = domain.table.map(
        page * PAGE_BYTES,
        address - offset,
        pages * PAGE_BYTES,
        accessOf[direction],
      );
      this.charge('iommu.mapPage', entries);
      domain.mapped(page * PAGE_BYTES, pages * PAGE_BYTES);
    } catch (error) {
      this.iovas.free(page);
      throw error;
    }
    return page * PAGE_BYTES + offset;
  }

  /** @throws DmaError unless exactly this range is mapped. */
  unmap(iova: number, bytes: number): void {
    const page = Math.floor(iova / PAGE_BYTES);
    const pages = pagesOf(iova % PAGE_BYTES, bytes);
    if (this.iovas.sizeAt(page) !== pages) {
      throw new DmaError(`No mapping of ${bytes} bytes begins at IOVA 0x${iova.toString(16)}.`);
    }
    this.iovas.retire(page);
    this.charge('iommu.mapPage', this.domain.table.unmap(page * PAGE_BYTES, pages * PAGE_BYTES));
    this.policy.unmapped(page, pages);
  }

  /** The policy's timer is due. */
  onTimer(): void {
    this.policy.onTimer();
  }

  /** Invalidates what was deferred; its IOVAs are free again. */
  flush(): void {
    this.policy.flush();
  }

  /** Bytes that are unmapped and that the device may still reach. */
  get pendingBytes(): number {
    return this.policy.pendingPages * PAGE_BYTES;
  }

  /** Bytes that are mapped, in whole pages. */
  get mappedBytes(): number {
    return this.iovas.pagesUsed * PAGE_BYTES;
  }

  save(): IommuDmaState {
    return { iovas: this.iovas.save(), queue: this.policy.save() };
  }

  load(state: IommuDmaState): void {
    this.iovas.load(state.iovas);
    this.policy.load(state.queue);
  }

  private allocate(pages: number): number {
    const page = this.findFree(pages);
    if (page >= 0) {
      return page;
    }
    // What waits for its invalidation may be enough.
    this.policy.flush();
    const after = this.findFree(pages);
    if (after < 0) {
      throw new DmaError(`No IOVA range of ${pages} pages is free.`);
    }
    return after;
  }

  private findFree(pages: number): number {
    const low = this.iovas.allocate(pages, FIRST_CHOICE_PAGES);
    return low >= 0 ? low : this.iovas.allocate(pages, Infinity);
  }
}

/** What its policy decides about. */
function placeOf({ domain, timers }: IommuDmaOptions, iovas: IovaAllocator): InvalidationPlace {
  return {
    invalidate: (page, pages) => {
      domain.invalidate(page * PAGE_BYTES, pages * PAGE_BYTES);
    },
    invalidateAll: () => {
      domain.invalidateAll();
    },
    release: (page) => {
      iovas.free(page);
    },
    arm: (ns) => {
      timers.arm(POLICY_TIMER, ns);
    },
    disarm: () => {
      timers.disarm(POLICY_TIMER);
    },
  };
}

/** Pages that `bytes` bytes from `offset` in a page touch. */
function pagesOf(offset: number, bytes: number): number {
  return Math.max(1, Math.ceil((offset + bytes) / PAGE_BYTES));
}
