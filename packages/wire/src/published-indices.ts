/** Which queue a side has published an index of, by the address that it wrote. */
import {
  availRing,
  type FeatureSet,
  hasFeature,
  queueBytes,
  type QueueSetup,
  virtioFeatures,
} from '@doorbell/abi';
import type { Side } from './messages.ts';

/** The address is of no queue. */
export const NO_QUEUE = -1;
/**
 * What a side asks of the other about notifications: it goes with the next publication, as it is
 * applied here.
 */
export const HINT = -2;

interface Place {
  readonly queue: number;
  /** From `start` on lies an index. */
  readonly start: number;
  readonly end: number;
  /** What lies here is a hint, if it is not an index. */
  readonly area: number;
  readonly areaEnd: number;
}

export class PublishedIndices {
  private readonly side: Side;
  private places: Place[] = [];

  constructor(side: Side) {
    this.side = side;
  }

  set(queue: number, setup: QueueSetup, features: FeatureSet): void {
    const packed = hasFeature(features, virtioFeatures.RING_PACKED);
    const bytes = queueBytes(packed, setup.size);
    const area = setup[this.side];
    // The flags of a packed queue's descriptors are its index.
    const start = packed ? setup.descriptors : area + availRing.IDX;
    const end = start + (packed ? bytes.descriptors : 2);
    this.delete(queue);
    this.places.push({ queue, start, end, area, areaEnd: area + bytes[this.side] });
  }

  delete(queue: number): void {
    this.places = this.places.filter((place) => place.queue !== queue);
  }

  clear(): void {
    this.places = [];
  }

  /** The queue's number, HINT or NO_QUEUE. */
  queueOf(iova: number): number {
    for (const { queue, start, end, area, areaEnd } of this.places) {
      if (iova >= start && iova < end) {
        return queue;
      }
      if (iova >= area && iova < areaEnd) {
        return HINT;
      }
    }
    return NO_QUEUE;
  }
}
