/**
 * Pages that drivers of mediated devices hold (vfio_pin_pages in drivers/vfio/container.c): such a
 * device has no requester, so what it may reach is pinned page by page, by its driver.
 */
import { PAGE_BYTES } from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { IoAccess } from './io-page-table.ts';
import type { RangeList } from './range-list.ts';
import type { Mapping, Pin, Type1Parts } from './type1-mapping.ts';
import { countLocked, hex, pinPage } from './user-pages.ts';

/** Pages between these go away: whoever pinned some unpins them before it returns (dma_unmap). */
export type UnmapListener = (iova: number, bytes: number) => void;

export class PinnedPages {
  private readonly version: 1 | 2;
  private readonly mappings: RangeList<Mapping>;
  private readonly parts: Type1Parts;
  private readonly listeners = new Set<UnmapListener>();

  constructor(version: 1 | 2, mappings: RangeList<Mapping>, parts: Type1Parts) {
    this.version = version;
    this.mappings = mappings;
    this.parts = parts;
  }

  /**
   * vfio_pin_pages, of one page: its physical address. Each call is undone by one `unpin`.
   * @throws VfioError EINVAL nothing is mapped there, or nobody listens to unmaps; EPERM not so
   * much access; EACCES in version 1; ENOMEM the lock limit; EFAULT.
   */
  pin(iova: number, access: IoAccess): number {
    if (this.version === 1) {
      throw new VfioError('EACCES', 'Pages are pinned in a container of type1v2 only.');
    }
    const mapping = this.mappings.at(iova);
    if (mapping === undefined || iova % PAGE_BYTES !== 0 || this.listeners.size === 0) {
      const why =
        this.listeners.size === 0 ? 'nobody listens to unmaps' : 'no page is mapped there';
      throw new VfioError('EINVAL', `${hex(iova)} cannot be pinned, because ${why}.`);
    }
    if ((access.read && !mapping.access.read) || (access.write && !mapping.access.write)) {
      throw new VfioError('EPERM', `${hex(iova)} is not mapped for so much access.`);
    }
    const page = (iova - mapping.iova) / PAGE_BYTES;
    const pin = mapping.pins.get(iova) ?? this.newPin(mapping, page);
    pin.count++;
    mapping.pins.set(iova, pin);
    mapping.dirty?.set(page);
    return pin.physical;
  }

  /** A page that was pinned when the state was saved is pinned again, which costs nothing now. */
  adopt(iova: number): number {
    const mapping = this.mappings.at(iova);
    if (mapping === undefined) {
      throw new RangeError(`Nothing is mapped at ${hex(iova)}.`);
    }
    const { user } = this.parts;
    const physical = pinPage(user, mapping.vaddr + iova - mapping.iova);
    user.lockedPages += mapping.isMapped ? 0 : 1;
    mapping.pins.set(iova, { physical, count: 1 });
    return physical;
  }

  /** vfio_unpin_pages, of one page. @throws RangeError when it is not pinned. */
  unpin(iova: number): void {
    const { user } = this.parts;
    const mapping = this.mappings.at(iova);
    const pin = mapping?.pins.get(iova);
    if (mapping === undefined || pin === undefined) {
      throw new RangeError(`${hex(iova)} is not pinned.`);
    }
    pin.count--;
    if (pin.count === 0) {
      mapping.pins.delete(iova);
      user.unpin(pin.physical);
      user.lockedPages -= mapping.isMapped ? 0 : 1;
    }
  }

  /** Who pins pages hears of each mapping that goes away, before it does. Returns how to stop it. */
  onUnmap(listener: UnmapListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** @throws RangeError when a listener leaves a page pinned. */
  tellUnmap({ iova, bytes, pins }: Mapping): void {
    if (pins.size === 0) {
      return;
    }
    this.listeners.forEach((listener) => {
      listener(iova, bytes);
    });
    if (pins.size > 0) {
      throw new RangeError(`A page from ${hex(iova)} on is still pinned after dma_unmap.`);
    }
  }

  /** A page that a mapping of a domain holds is counted already. */
  private newPin(mapping: Mapping, page: number): Pin {
    const { user, charge } = this.parts;
    const counted = mapping.isMapped ? 0 : 1;
    countLocked(user, counted);
    try {
      const physical = pinPage(user, mapping.vaddr + page * PAGE_BYTES);
      charge('vfio.pinPage', 1);
      return { physical, count: 0 };
    } catch (error) {
      user.lockedPages -= counted;
      throw error;
    }
  }
}
