/** A device for tests that does nothing but remember what was asked of it. */
import type { QueueSetup, QueueState, VirtioDevice, VirtioHost } from '@doorbell/abi';

export class RecordingDevice implements VirtioDevice {
  readonly deviceId = 16;
  readonly queues = 2;
  readonly features = 5n;
  driverFeatures = 0n;
  status = 0;
  reason = '';
  configGeneration = 0;
  readonly calls: string[] = [];
  readonly host: VirtioHost;
  private readonly setups = new Map<number, QueueSetup>();

  constructor(host: VirtioHost) {
    this.host = host;
  }

  writeStatus(status: number): void {
    this.status = status;
    if (status === 0) {
      this.setups.clear();
    }
    this.calls.push(`status ${status}`);
  }

  readConfig(_offset: number, into: Uint8Array): void {
    into.fill(7);
  }

  writeConfig(offset: number, bytes: Uint8Array): void {
    this.calls.push(`config ${offset} ${bytes.join()}`);
  }

  queue(index: number): QueueState {
    const none = { size: 0, descriptors: 0, driver: 0, device: 0 };
    return { maxSize: 8, setup: this.setups.get(index) ?? none, enabled: this.setups.has(index) };
  }

  setQueue(index: number, setup: QueueSetup): void {
    this.setups.set(index, setup);
    this.calls.push(`set ${index} ${setup.size}`);
  }

  enableQueue(index: number): void {
    this.calls.push(`enable ${index}`);
  }

  resetQueue(index: number): void {
    this.setups.delete(index);
    this.calls.push(`reset ${index}`);
  }

  notify(index: number): void {
    this.calls.push(`notify ${index}`);
  }
}
