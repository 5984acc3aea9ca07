/**
 * RAM of the guest that its channels reach: pinned on demand through the container, and mapped for
 * the physical GPU by the host's DMA API. A page is pinned once, however often it is mapped, so that
 * a guest pins no more than it has.
 */
import { PAGE_BYTES } from '@doorbell/abi';
import { VfioError } from '../errno.ts';
import type { HostBell } from '../host-bell/host-bell.ts';
import { cost } from '../profile.ts';
import type { VfioContainer } from '../vfio-container.ts';

export interface PinnedPage {
  readonly physical: number;
  /** As the GPU reaches it. */
  readonly iova: number;
  /** How many entries of shadow page tables lead to it. */
  count: number;
}

/** By guest-physical address. */
export type MediatedMemoryState = readonly (readonly [number, PinnedPage])[];

export class MediatedMemory {
  private readonly bell: HostBell;
  private readonly container: VfioContainer;
  private readonly pages = new Map<number, PinnedPage>();
  private readonly stopListening: () => void;

  /** @param onUnmap  the guest's RAM goes away there: nothing may lead to it when this returns. */
  constructor(
    bell: HostBell,
    container: VfioContainer,
    onUnmap: (address: number, bytes: number) => void,
  ) {
    this.bell = bell;
    this.container = container;
    this.stopListening = container.onUnmap(onUnmap);
  }

  /** Pages that are pinned now. */
  get pinned(): number {
    return this.pages.size;
  }

  /** Undefined: the guest has no memory there that it may give, or may pin no more. */
  pin(address: number): PinnedPage | undefined {
    const page = this.pages.get(address) ?? this.newPage(address);
    if (page !== undefined) {
      page.count++;
    }
    return page;
  }

  private newPage(address: number): PinnedPage | undefined {
    const { host, dma } = this.bell;
    try {
      const physical = this.container.pinPage(address);
      host.machine.charge(cost['driver.dmaMap']);
      const page = { physical, iova: dma.map(physical, PAGE_BYTES, 'both'), count: 0 };
      this.pages.set(address, page);
      return page;
    } catch (error) {
      if (error instanceof VfioError) {
        return undefined;
      }
      throw error;
    }
  }

  /** The GPU has forgotten the translation that led to it. */
  unpin(address: number): void {
    const page = this.pages.get(address);
    if (page !== undefined && --page.count === 0) {
      this.drop(address, page);
    }
  }

  private drop(address: number, { iova }: PinnedPage): void {
    const { host, dma } = this.bell;
    this.pages.delete(address);
    host.machine.charge(cost['driver.dmaMap']);
    dma.unmap(iova, PAGE_BYTES);
    this.container.unpinPage(address);
  }

  /** The device is closed. No channel runs. */
  close(): void {
    [...this.pages].forEach(([address, page]) => {
      this.drop(address, page);
    });
    this.stopListening();
  }

  /** The page that is pinned there. */
  at(address: number): PinnedPage | undefined {
    return this.pages.get(address);
  }

  save(): MediatedMemoryState {
    return [...this.pages].map(([address, page]) => [address, { ...page }]);
  }

  /** The host's DMA API is loaded before. */
  load(state: MediatedMemoryState): void {
    for (const address of this.pages.keys()) {
      this.container.unpinPage(address);
    }
    this.pages.clear();
    for (const [address, { iova, count }] of state) {
      this.pages.set(address, { physical: this.container.adoptPin(address), iova, count });
    }
  }
}
