/** The shared memory region (VIRTIO 1.3 §2.10): which of its pages leads to whose doorbell. */
import { PAGE_BYTES, type SharedPages } from '@doorbell/abi';
import { refuseUnless } from '../refusal.ts';
import type { ChannelBlobResource } from '../resource.ts';

const INVALID = 'ERR_INVALID_PARAMETER';

export class DoorbellWindow {
  private readonly shared: SharedPages | undefined;
  private readonly byPage = new Map<number, ChannelBlobResource>();

  constructor(shared: SharedPages | undefined) {
    this.shared = shared;
  }

  /** @param offset  in the region. @throws Refusal */
  map(blob: ChannelBlobResource, offset: number): void {
    const { shared } = this;
    const page = offset / PAGE_BYTES;
    const fits = shared !== undefined && Number.isInteger(page) && page < shared.pages;
    refuseUnless(fits, INVALID, `The shared memory region has no page at ${offset}.`);
    refuseUnless(blob.mappedAt === undefined, INVALID, `Blob ${blob.id} is mapped already.`);
    refuseUnless(!this.byPage.has(page), INVALID, `Something is mapped at ${offset} already.`);
    blob.mappedAt = page;
    this.byPage.set(page, blob);
    shared.map(page, blob.channel.doorbell);
  }

  /** If it is mapped. */
  unmap(blob: ChannelBlobResource): void {
    const { mappedAt } = blob;
    if (mappedAt !== undefined) {
      blob.mappedAt = undefined;
      this.byPage.delete(mappedAt);
      this.shared?.unmap(mappedAt);
    }
  }

  unmapAll(): void {
    for (const blob of [...this.byPage.values()]) {
      this.unmap(blob);
    }
  }
}
