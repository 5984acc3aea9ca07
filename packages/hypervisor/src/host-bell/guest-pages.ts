/**
 * RAM of a guest that a physical GPU reaches: pages are pinned when they are mapped, and given to
 * the part's function by the host's DMA API. A page that is mapped twice is pinned twice.
 */
import { GpuError, PAGE_BYTES } from '@doorbell/abi';
import { cost } from '../profile.ts';
import type { HostBell } from './host-bell.ts';

/** Who may pin pages of a guest. */
export interface PagePinner {
  /** Pins the page at a guest-physical address; gives its physical address, -1: there is none, or no more may be pinned. */
  pin(guestAddress: number): number;
  /** Pins one that was pinned when a state was saved; that costs nothing. */
  adopt(guestAddress: number): void;
  unpin(guestAddress: number): void;
}

/** A page that is pinned, as the part reaches it. */
export interface PinnedPage {
  readonly guestAddress: number;
  readonly iova: number;
}

export class GuestPages {
  private readonly bell: HostBell;
  private readonly pinner: PagePinner;
  private pinned = 0;

  constructor(bell: HostBell, pinner: PagePinner) {
    this.bell = bell;
    this.pinner = pinner;
  }

  /** Pages that are pinned now. */
  get count(): number {
    return this.pinned;
  }

  /** @throws GpuError `bad-range` */
  pin(guestAddress: number): PinnedPage {
    const page = this.tryPin(guestAddress);
    if (page === undefined) {
      throw new GpuError(
        'bad-range',
        `The guest has no memory to give at 0x${guestAddress.toString(16)}.`,
      );
    }
    return page;
  }

  /** Undefined: the guest has no memory there, or may pin no more. */
  tryPin(guestAddress: number): PinnedPage | undefined {
    const { host, dma } = this.bell;
    const physical = this.pinner.pin(guestAddress);
    if (physical < 0) {
      return undefined;
    }
    host.machine.charge(cost['driver.dmaMap']);
    this.pinned++;
    return { guestAddress, iova: dma.map(physical, PAGE_BYTES, 'both') };
  }

  /** From here on the part reaches the page no more: its own translations were invalidated before. */
  unpin({ guestAddress, iova }: PinnedPage): void {
    const { host, dma } = this.bell;
    host.machine.charge(cost['driver.dmaMap']);
    dma.unmap(iova, PAGE_BYTES);
    this.pinned--;
    this.pinner.unpin(guestAddress);
  }

  /** These are pinned, and mapped, as they were when a state was saved; those that were until now are not. */
  load(pinned: readonly PinnedPage[], until: readonly PinnedPage[]): void {
    until.forEach(({ guestAddress }) => {
      this.pinner.unpin(guestAddress);
    });
    pinned.forEach(({ guestAddress }) => {
      this.pinner.adopt(guestAddress);
    });
    this.pinned = pinned.length;
  }
}
