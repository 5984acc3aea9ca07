/**
 * The life of a virtio device behind vhost-user, which has no status byte: the front-end settles
 * features, starts and stops rings (vhost-user.rst, "Ring states"), and says nothing of resets.
 */
import { deviceStatus, type FeatureSet, featureSet, virtioFeatures } from '@doorbell/abi';
import type { VirtioGpu } from '@doorbell/pv-backend';
import { protocolFeatures, PROTOCOL_FEATURES_BIT } from './messages.ts';
import { requireThat } from './rule.ts';
import type { Vring } from './vring.ts';

const { ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK, DEVICE_NEEDS_RESET } = deviceStatus;
const { VERSION_1, INDIRECT_DESC, EVENT_IDX, RING_RESET } = virtioFeatures;

/** VIRTIO_GPU_F_EDID (VIRTIO 1.3 §5.7.3). */
const EDID = 1;
const protocolBit = featureSet(PROTOCOL_FEATURES_BIT);
/** What works through a front-end that knows 2D alone, and split rings by an available index. */
const passedOn = featureSet(VERSION_1, INDIRECT_DESC, EVENT_IDX, EDID);
/** What QEMU's virtio-pci settles with a driver, whether or not the backend offers it. */
const frontEndsOwn = featureSet(INDIRECT_DESC, EVENT_IDX, RING_RESET);

export const offeredProtocol = featureSet(
  protocolFeatures.MQ,
  protocolFeatures.REPLY_ACK,
  protocolFeatures.CONFIG,
  protocolFeatures.RESET_DEVICE,
);

/** QEMU waits for the answer, and the whole machine with it. */
const DRAIN_NS = 1e9;

export class DeviceLife {
  private readonly device: VirtioGpu;
  private readonly vrings: readonly Vring[];
  private features: FeatureSet = 0n;
  /** A ring begins where no ring has stopped: another driver has the device, or the same anew. */
  private isOtherDriver = false;

  constructor(device: VirtioGpu, vrings: readonly Vring[]) {
    this.device = device;
    this.vrings = vrings;
  }

  get offered(): FeatureSet {
    return (this.device.features & passedOn) | protocolBit;
  }

  private get isRunning(): boolean {
    return this.vrings.some(({ isStarted }) => isStarted);
  }

  // ------------------------------------------------------------------------------ features

  /** @throws ProtocolViolation */
  setFeatures(features: FeatureSet): void {
    const unknown = features & ~(this.offered | frontEndsOwn);
    requireThat(unknown === 0n, `The features 0x${unknown.toString(16)} were not offered.`);
    const chosen = features & ~protocolBit;
    if (this.features !== chosen) {
      requireThat(!this.isRunning, 'The features were changed while a ring was started.');
      this.device.writeStatus(0);
      this.features = chosen;
    }
    if ((features & protocolBit) === 0n) {
      for (const vring of this.vrings) {
        vring.isEnabled = true; // "the ring starts directly in the enabled state"
      }
    }
  }

  /** §3.1.1, up to FEATURES_OK. @throws ProtocolViolation */
  private settle(): void {
    const { device, features } = this;
    if ((device.status & FEATURES_OK) !== 0) {
      return;
    }
    device.writeStatus(ACKNOWLEDGE | DRIVER);
    device.driverFeatures = features;
    device.writeStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK);
    requireThat(
      (device.status & FEATURES_OK) !== 0,
      `The device cannot work with the features 0x${features.toString(16)}.`,
    );
  }

  // ------------------------------------------------------------------------------ rings

  /** @throws ProtocolViolation */
  setBase(vring: Vring, base: number): void {
    requireThat(!vring.isStarted, 'The base of a started ring was set.');
    requireThat(base <= 0xffff, `An available index is 16 bits, not ${base}.`);
    this.isOtherDriver ||= base !== vring.base;
    vring.base = base;
  }

  /** Starts a ring of which all is known. @throws ProtocolViolation */
  startIfReady(index: number): void {
    const { device } = this;
    const vring = this.vrings[index];
    if (vring.isStarted || !vring.isReady) {
      return;
    }
    if (this.isOtherDriver && !this.isRunning) {
      device.writeStatus(0);
    }
    this.isOtherDriver = false;
    this.settle();
    vring.isStarted = true;
    device.setQueue(index, { size: vring.size, ...vring.addresses! });
    device.enableQueue(index, vring.base);
    if ((device.status & (DRIVER_OK | DEVICE_NEEDS_RESET)) === 0) {
      device.writeStatus(device.status | DRIVER_OK);
    }
    // What was made available before the kick was listened to.
    device.notify(index);
  }

  /** The available index from which it may go on. What the driver has made stays as it is. */
  async stop(index: number): Promise<number> {
    const vring = this.vrings[index];
    if (vring.isStarted) {
      vring.base = await this.device.stopQueue(index, DRAIN_NS);
      vring.isStarted = false;
    }
    return vring.base;
  }

  /** RESET_DEVICE: "disable all rings and reset all internal device state". */
  reset(): void {
    this.device.writeStatus(0);
    for (const vring of this.vrings) {
      vring.isStarted = false;
      vring.isEnabled = false;
      vring.base = 0;
    }
    this.isOtherDriver = false;
  }
}
