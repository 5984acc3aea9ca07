/**
 * What is unmapped waits in a queue, and one command invalidates all of it: when the queue is full,
 * or a time after its first entry. iommu.strict=0 of Linux (queue_iova in drivers/iommu/dma-iommu.c).
 */
import { FLUSH_TIMEOUT_NS, FlushQueue, type FlushQueueState } from './flush-queue.ts';
import type {
  InvalidationKind,
  InvalidationPlace,
  InvalidationPolicy,
} from './invalidation-policy.ts';

class Deferred implements InvalidationPolicy {
  private readonly place: InvalidationPlace;
  private readonly queue = new FlushQueue();
  private readonly release: (page: number) => void;

  constructor(place: InvalidationPlace) {
    this.place = place;
    this.release = (page) => {
      place.release(page);
    };
  }

  get pendingPages(): number {
    return this.queue.pendingPages;
  }

  unmapped(page: number, pages: number): void {
    if (this.queue.isFull) {
      this.flush();
    }
    if (this.queue.isEmpty) {
      this.place.arm(FLUSH_TIMEOUT_NS);
    }
    this.queue.add(page, pages);
  }

  onTimer(): void {
    this.flush();
  }

  flush(): void {
    if (this.queue.isEmpty) {
      return;
    }
    this.place.disarm();
    this.place.invalidateAll();
    this.queue.drain(this.release);
  }

  save(): FlushQueueState {
    return this.queue.save();
  }

  load(state: FlushQueueState): void {
    this.queue.load(state);
  }
}

export const deferred: InvalidationKind = {
  name: 'deferred',
  exposureNs: FLUSH_TIMEOUT_NS,
  open: (place) => new Deferred(place),
};
