/** A virtqueue that a device serves, until the driver breaks a rule of it or resets it. */
import {
  type Chain,
  type DeviceMemory,
  type FeatureSet,
  hasFeature,
  type QueueSetup,
  RingError,
  type RingOptions,
  type Trace,
  virtioFeatures,
} from '@doorbell/abi';
import type { DeviceQueue } from './ring/device-queue.ts';
import { PackedDeviceQueue } from './ring/packed.ts';
import { SplitDeviceQueue } from './ring/split.ts';

const { INDIRECT_DESC, EVENT_IDX, IN_ORDER, RING_PACKED } = virtioFeatures;

/** The device half of a queue as it was negotiated. @throws RingError */
export function openRing(
  memory: DeviceMemory,
  setup: QueueSetup,
  maxSize: number,
  features: FeatureSet,
): DeviceQueue {
  if (setup.size > maxSize) {
    throw new RingError(
      `The queue has ${setup.size} entries, of ${maxSize} at most (VIRTIO 1.3 §2.6).`,
    );
  }
  const options: RingOptions = {
    indirect: hasFeature(features, INDIRECT_DESC),
    eventIdx: hasFeature(features, EVENT_IDX),
    inOrder: hasFeature(features, IN_ORDER),
  };
  return hasFeature(features, RING_PACKED)
    ? new PackedDeviceQueue(memory, setup, options)
    : new SplitDeviceQueue(memory, setup, options);
}

export interface LiveQueueParts {
  readonly trace: Trace;
  readonly notifyDriver: (queue: number) => void;
  /** The driver broke a rule: the device needs a reset. */
  readonly onBroken: (queue: number, rule: string) => void;
}

export class LiveQueue {
  readonly index: number;
  /** Once it is false, nothing is taken, returned or written any more. */
  isAlive = true;
  private readonly ring: DeviceQueue;
  private readonly parts: LiveQueueParts;

  constructor(index: number, ring: DeviceQueue, parts: LiveQueueParts) {
    this.index = index;
    this.ring = ring;
    this.parts = parts;
  }

  get size(): number {
    return this.ring.size;
  }

  get descriptors(): number {
    return this.ring.descriptors;
  }

  get suppressed(): number {
    return this.ring.suppressed;
  }

  /** Takes the next chain. False: there is none. */
  take(chain: Chain): boolean {
    return this.guarded(() => this.ring.next(chain));
  }

  /** Returns a chain; the driver sees it after `publish`. */
  put(id: number, written: number): void {
    this.guarded(() => {
      this.ring.put(id, written);
      return true;
    });
    this.parts.trace.event('used', this.index, written);
  }

  /** Shows the driver what was returned, and tells it if it wants to know. */
  publish(): void {
    if (this.guarded(() => this.ring.publish())) {
      this.parts.notifyDriver(this.index);
    }
  }

  disableNotifications(): void {
    this.guarded(() => {
      this.ring.disableNotifications();
      return true;
    });
  }

  /** False: there is a chain already. */
  enableNotifications(): boolean {
    return this.guarded(() => this.ring.enableNotifications());
  }

  /** False when the queue is not alive, or the driver broke a rule of the ring. */
  private guarded(work: () => boolean): boolean {
    if (!this.isAlive) {
      return false;
    }
    try {
      return work();
    } catch (error) {
      if (!(error instanceof RingError)) {
        throw error;
      }
      this.parts.onBroken(this.index, error.message);
      return false;
    }
  }
}
