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

/** Makes the device half of a split virtqueue, from its first chain on. @throws RingError */
export type OpenSplitQueue = (
  memory: DeviceMemory,
  setup: QueueSetup,
  options: RingOptions,
  first: number,
) => DeviceQueue;

/** Makes the device half of a packed virtqueue. @throws RingError */
export type OpenPackedQueue = (
  memory: DeviceMemory,
  setup: QueueSetup,
  options: RingOptions,
) => DeviceQueue;

const openSplitQueue: OpenSplitQueue = (memory, setup, options, first) =>
  new SplitDeviceQueue(memory, setup, options, first);
const openPackedQueue: OpenPackedQueue = (memory, setup, options) =>
  new PackedDeviceQueue(memory, setup, options);

interface RingParts {
  readonly memory: DeviceMemory;
  readonly setup: QueueSetup;
  readonly maxSize: number;
  /** The available index of the first chain; of a packed queue 0. */
  readonly first: number;
  readonly openSplit?: OpenSplitQueue | undefined;
  readonly openPacked?: OpenPackedQueue | undefined;
}

/** The device half of a queue as it was negotiated. @throws RingError */
export function openRing(parts: RingParts, features: FeatureSet): DeviceQueue {
  const { memory, setup, maxSize, first } = parts;
  const { openSplit = openSplitQueue, openPacked = openPackedQueue } = parts;
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
  if (!hasFeature(features, RING_PACKED)) {
    return openSplit(memory, setup, options, first);
  }
  if (first !== 0) {
    throw new RingError('A packed queue begins at its first descriptor.');
  }
  return openPacked(memory, setup, options);
}

export interface LiveQueueParts {
  readonly trace: Trace;
  readonly notifyDriver: (queue: number) => void;
  /** The driver broke a rule: the device needs a reset. */
  readonly onBroken: (queue: number, rule: string) => void;
  /** It was paused, and has returned all that was taken. */
  readonly onIdle: () => void;
}

export class LiveQueue {
  readonly index: number;
  /** Once it is false, nothing is taken, returned or written any more. */
  isAlive = true;
  private readonly ring: DeviceQueue;
  private readonly parts: LiveQueueParts;
  /** Chains that were taken and not returned. */
  taken = 0;
  private isPaused = false;

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
    const found = !this.isPaused && this.guarded(() => this.ring.next(chain));
    this.taken += found ? 1 : 0;
    return found;
  }

  /** Nothing is taken any more. */
  pause(): void {
    this.isPaused = true;
  }

  /** The available index of the first chain that was not returned, if they were in order. */
  get nextIndex(): number {
    return (this.ring.nextIndex - this.taken) & 0xffff;
  }

  /** Returns a chain; the driver sees it after `publish`. */
  put(id: number, written: number): void {
    this.guarded(() => {
      this.ring.put(id, written);
      return true;
    });
    this.taken--;
    this.parts.trace.event('used', this.index, written);
  }

  /** Shows the driver what was returned, and tells it if it wants to know. */
  publish(): void {
    if (this.guarded(() => this.ring.publish())) {
      this.parts.notifyDriver(this.index);
    }
    if (this.isPaused && this.taken === 0) {
      this.parts.onIdle();
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
    return this.isPaused || this.guarded(() => this.ring.enableNotifications());
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
