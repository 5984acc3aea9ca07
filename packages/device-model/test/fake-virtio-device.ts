/** A virtio device of no kind: it notes what its transport tells it, and checks nothing. */
import {
  deviceStatus,
  type FeatureSet,
  featureSet,
  type QueueSetup,
  type QueueState,
  type VirtioDevice,
  virtioFeatures,
} from '@doorbell/abi';

const empty: QueueSetup = { size: 0, descriptors: 0, driver: 0, device: 0 };

interface FakeQueue {
  maxSize: number;
  setup: QueueSetup;
  enabled: boolean;
}

export class FakeVirtioDevice implements VirtioDevice {
  readonly deviceId = 16;
  readonly reason = '';
  features: FeatureSet = featureSet(
    0,
    virtioFeatures.VERSION_1,
    virtioFeatures.RING_RESET,
    virtioFeatures.RING_PACKED,
    virtioFeatures.NOTIFICATION_DATA,
  );
  driverFeatures: FeatureSet = 0n;
  status = 0;
  configGeneration = 0;
  readonly config = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
  /** Queues whose index has a size of 0 are not available. */
  readonly made: FakeQueue[];
  /** A queue's reset goes on until this is false. */
  slowReset = false;
  /** Queues that were notified. */
  readonly notified: number[] = [];

  constructor(sizes: readonly number[] = [64, 16, 0]) {
    this.made = sizes.map((maxSize) => ({ maxSize, setup: empty, enabled: false }));
  }

  get queues(): number {
    return this.made.length;
  }

  /** Features are settled, as after a driver's negotiation. */
  negotiate(...features: readonly number[]): void {
    this.driverFeatures = featureSet(...features);
    this.status |= deviceStatus.FEATURES_OK;
  }

  writeStatus(status: number): void {
    this.status = status;
    if (status === 0) {
      this.driverFeatures = 0n;
      this.made.forEach((queue) => {
        queue.enabled = false;
      });
    }
  }

  readConfig(offset: number, into: Uint8Array): void {
    into.forEach((_, index) => {
      into[index] = this.config[offset + index] ?? 0;
    });
  }

  writeConfig(offset: number, bytes: Uint8Array): void {
    bytes.forEach((byte, index) => {
      this.config[offset + index] = byte;
    });
  }

  queue(index: number): QueueState {
    return this.made[index];
  }

  setQueue(index: number, setup: QueueSetup): void {
    this.made[index].setup = setup;
  }

  enableQueue(index: number): void {
    this.made[index].enabled = true;
  }

  resetQueue(index: number): void {
    this.made[index].enabled = this.slowReset;
  }

  notify(index: number): void {
    this.notified.push(index);
  }
}
