/** A virtio device with two queues that does nothing. */
import type { QueueSetup, VirtioDevice } from '@doorbell/abi';

const none: QueueSetup = { size: 0, descriptors: 0, driver: 0, device: 0 };

export class QuietDevice implements VirtioDevice {
  readonly deviceId = 16;
  readonly queues = 2;
  readonly features = 1n << 32n;
  driverFeatures = 0n;
  status = 0;
  readonly reason = '';
  readonly configGeneration = 0;

  writeStatus(status: number): void {
    this.status = status;
  }

  readConfig(): void {}

  writeConfig(): void {}

  queue(): { readonly maxSize: number; readonly setup: QueueSetup; readonly enabled: boolean } {
    return { maxSize: 64, setup: none, enabled: false };
  }

  setQueue(): void {}

  enableQueue(): void {}

  resetQueue(): void {}

  notify(): void {}
}
