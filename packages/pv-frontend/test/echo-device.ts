/**
 * A device for tests: gives each chain's readable bytes back in its writable ones. With `elsewhere`
 * they are three numbers in place of that (f64): from where, to where, how many bytes it copies.
 */
import {
  Chain,
  deviceStatus,
  featureSet,
  hasFeature,
  type QueueSetup,
  type QueueState,
  virtioFeatures,
  type VirtioDevice,
  type VirtioHost,
} from '@doorbell/abi';
import { type DeviceQueue, PackedDeviceQueue, SplitDeviceQueue } from '@doorbell/pv-backend';

const { EVENT_IDX, INDIRECT_DESC, RING_PACKED, VERSION_1 } = virtioFeatures;

export class EchoDevice implements VirtioDevice {
  readonly deviceId = 42;
  readonly queues = 1;
  readonly features = featureSet(VERSION_1, RING_PACKED, EVENT_IDX, INDIRECT_DESC);
  driverFeatures = 0n;
  status = 0;
  reason = '';
  configGeneration = 3;
  readonly config = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  resets = 0;
  echoed = 0;
  elsewhere = false;
  /** Whether it asks to be left alone while it works. */
  quiet = false;
  private readonly host: VirtioHost;
  private setup: QueueSetup = { size: 0, descriptors: 0, driver: 0, device: 0 };
  private ring: DeviceQueue | undefined;
  private working = false;
  private again = false;

  constructor(host: VirtioHost) {
    this.host = host;
  }

  writeStatus(status: number): void {
    this.status = status;
    if (status === 0) {
      this.resets++;
      this.ring = undefined;
      this.reason = '';
    }
  }

  readConfig(offset: number, into: Uint8Array): void {
    into.set(this.config.subarray(offset, offset + into.length));
  }

  writeConfig(offset: number, bytes: Uint8Array): void {
    this.config.set(bytes.subarray(0, Math.max(0, 8 - offset)), Math.min(offset, 8));
  }

  queue(): QueueState {
    return { maxSize: 64, setup: this.setup, enabled: this.ring !== undefined };
  }

  setQueue(_index: number, setup: QueueSetup): void {
    this.setup = setup;
  }

  enableQueue(): void {
    const Ring = hasFeature(this.driverFeatures, RING_PACKED)
      ? PackedDeviceQueue
      : SplitDeviceQueue;
    try {
      this.ring = new Ring(this.host.memory, this.setup, {
        indirect: hasFeature(this.driverFeatures, INDIRECT_DESC),
        eventIdx: hasFeature(this.driverFeatures, EVENT_IDX),
        inOrder: false,
      });
    } catch (error) {
      this.needReset(error);
    }
  }

  resetQueue(): void {
    this.ring = undefined;
  }

  notify(): void {
    this.again = true;
    if (!this.working) {
      void this.work();
    }
  }

  needReset(error: unknown): void {
    this.status |= deviceStatus.DEVICE_NEEDS_RESET;
    this.reason = String(error);
    this.host.configChanged();
  }

  private async work(): Promise<void> {
    this.working = true;
    while (this.again) {
      this.again = false;
      try {
        await this.drain();
      } catch (error) {
        this.needReset(error);
      }
    }
    this.working = false;
  }

  private async drain(): Promise<void> {
    const ring = this.ring;
    const chain = new Chain(256);
    do {
      if (this.quiet) {
        ring?.disableNotifications();
      }
      while (ring === this.ring && ring?.next(chain) === true) {
        const written = await this.echo(chain);
        if (ring === this.ring) {
          ring.put(chain.id, written);
          if (ring.publish()) {
            this.host.notifyDriver(0);
          }
        }
      }
    } while (ring === this.ring && ring?.enableNotifications() === false);
  }

  private async echo(chain: Chain): Promise<number> {
    this.echoed++;
    const [from, to] = chain.addresses;
    if (!this.elsewhere) {
      return this.copy(from, to, chain.lengths[0]);
    }
    const order = new Float64Array(3);
    await this.host.memory.fetch(from, new Uint8Array(order.buffer));
    return (await this.copy(order[0], order[1], order[2])) > 0 ? chain.lengths[1] : 0;
  }

  /** Gives how many bytes were copied. */
  private async copy(from: number, to: number, length: number): Promise<number> {
    const { memory } = this.host;
    const bytes = new Uint8Array(length);
    const moved = (await memory.fetch(from, bytes)) && (await memory.store(to, bytes));
    return moved ? length : 0;
  }
}
