/**
 * Virtio, VIRTIO 1.3: what every device and driver shares, whatever the transport and the kind of
 * device. A transport stands between two ports: the driver half calls a `VirtioTransport`, a
 * device half is a `VirtioDevice`, which its transport drives.
 */
import type { Mmio, RingMemory } from './ports.ts';

/** Device ids (§5). */
export const virtioIds = { GPU: 16 } as const;

/** Bits of the device status (§2.1). */
export const deviceStatus = {
  ACKNOWLEDGE: 1,
  DRIVER: 2,
  DRIVER_OK: 4,
  FEATURES_OK: 8,
  DEVICE_NEEDS_RESET: 64,
  FAILED: 128,
} as const;

/** Feature bits, by number (§6). Those below 24 and from 50 on belong to the kind of device. */
export const virtioFeatures = {
  INDIRECT_DESC: 28,
  EVENT_IDX: 29,
  VERSION_1: 32,
  ACCESS_PLATFORM: 33,
  RING_PACKED: 34,
  IN_ORDER: 35,
  ORDER_PLATFORM: 36,
  SR_IOV: 37,
  NOTIFICATION_DATA: 38,
  NOTIF_CONFIG_DATA: 39,
  RING_RESET: 40,
  ADMIN_VQ: 41,
} as const;

/** A set of feature bits: bit n is feature n. */
export type FeatureSet = bigint;

export function featureSet(...bits: readonly number[]): FeatureSet {
  return bits.reduce((set, bit) => set | (1n << BigInt(bit)), 0n);
}

export function hasFeature(set: FeatureSet, bit: number): boolean {
  return ((set >> BigInt(bit)) & 1n) !== 0n;
}

/** Where the three parts of a virtqueue lie, as the device reaches them (§2.6). */
export interface QueueSetup {
  /** Entries: for a split queue a power of two (§2.7). At most what the device allows. */
  readonly size: number;
  /** The descriptor table; of a packed queue the descriptor ring. */
  readonly descriptors: number;
  /** The available ring; of a packed queue the driver event suppression structure. */
  readonly driver: number;
  /** The used ring; of a packed queue the device event suppression structure. */
  readonly device: number;
}

/** A shared memory region (§2.10): a part of a window on the device. */
export interface SharedRegion {
  readonly mmio: Mmio;
  /** In bytes. */
  readonly base: number;
  readonly bytes: number;
}

/**
 * The way to a virtio device as its driver sees it (§2, §4). All but `notify` may take a round
 * trip. A transport that loses its device reports DEVICE_NEEDS_RESET from then on, and a
 * configuration change.
 */
export interface VirtioTransport {
  /** The kind of device (§5). */
  readonly deviceId: number;
  readStatus(): Promise<number>;
  /** Writing 0 resets; it resolves once the device reads 0 again (§4.1.4.3.2). */
  writeStatus(status: number): Promise<void>;
  deviceFeatures(): Promise<FeatureSet>;
  setDriverFeatures(features: FeatureSet): Promise<void>;
  /** Bytes of the device's configuration, of one generation (§2.5.1). */
  readConfig(offset: number, bytes: number): Promise<Uint8Array>;
  writeConfig(offset: number, bytes: Uint8Array): Promise<void>;
  /** The largest size of a queue; 0: there is no such queue. */
  maxQueueSize(queue: number): Promise<number>;
  /**
   * Enables a queue, when all else of it is set: until a reset. `onUsed` runs when the device
   * notifies it, as an interrupt handler; also now and then when another queue is meant.
   */
  enableQueue(queue: number, setup: QueueSetup, onUsed: () => void): Promise<void>;
  /**
   * Rings the doorbell, once for each call: the device is told that buffers were made available
   * (§2.9). They are in the ring before.
   */
  notify(queue: number): void;
  /** `handler` runs when the configuration or DEVICE_NEEDS_RESET changed (§2.5.3, §2.1.2): until a reset. */
  onConfigChange(handler: () => void): void;
  /**
   * A shared memory region of the device, by its id (§2.10). Absent, or undefined: there is none.
   * What nothing is mapped to reads all ones.
   */
  sharedMemory?(id: number): SharedRegion | undefined;
  /**
   * Has an MSI-X vector run `handler`, that belongs to neither the configuration nor a queue: an
   * extension of devices whose protocol names vectors. Until a reset. False: there is no such vector.
   */
  handleVector?(vector: number, handler: () => void): boolean;
  /** Gives back what the transport holds. The device was reset. */
  release(): void;
}

/**
 * Memory as the device half of a virtqueue reaches it: by the addresses that the driver wrote.
 * Loads and stores are for rings and indirect tables; `fetch` and `store` for buffers.
 */
export interface DeviceMemory extends RingMemory {
  /** Whether loads, or stores when `write`, may touch all of a range. */
  reaches(address: number, bytes: number, write: boolean): boolean;
  /** Whether `fetch` and `store` may reach all of a range, as far as that is known before. */
  mayFetch(address: number, bytes: number): boolean;
  /** Copies bytes here before anybody looks at them. False: refused on the way; nothing was moved. */
  fetch(address: number, into: Uint8Array): Promise<boolean>;
  store(address: number, bytes: Uint8Array): Promise<boolean>;
}

/** What a device half is handed by its transport. */
export interface VirtioHost {
  readonly memory: DeviceMemory;
  /** A used buffer notification (§2.9). The ring did not suppress it. */
  notifyDriver(queue: number): void;
  /** A configuration change notification; also for DEVICE_NEEDS_RESET. */
  configChanged(): void;
}

/** A queue's registers, as its transport shows them. */
export interface QueueState {
  readonly maxSize: number;
  readonly setup: QueueSetup;
  readonly enabled: boolean;
}

/**
 * A virtio device without its transport: the status machine, feature negotiation, queues, and the
 * device's configuration. Transports translate registers or messages to these calls, which never
 * throw: what a driver does wrong has an architected outcome.
 */
export interface VirtioDevice {
  readonly deviceId: number;
  readonly queues: number;
  readonly features: FeatureSet;
  /** Before FEATURES_OK; ignored afterwards. */
  driverFeatures: FeatureSet;
  readonly status: number;
  /** 0 resets. An illegal transition leaves the status as it is, or leads to DEVICE_NEEDS_RESET. */
  writeStatus(status: number): void;
  /** Why the device needs a reset; '' when it does not. */
  readonly reason: string;
  /** Changes whenever more than one read may see different configurations (§2.5.1). */
  readonly configGeneration: number;
  /** Beyond the end: zeros. */
  readConfig(offset: number, into: Uint8Array): void;
  writeConfig(offset: number, bytes: Uint8Array): void;
  queue(index: number): QueueState;
  /** Ignored while the queue is enabled. */
  setQueue(index: number, setup: QueueSetup): void;
  enableQueue(index: number): void;
  /** VIRTIO_F_RING_RESET (§2.6.1). */
  resetQueue(index: number): void;
  /** An available buffer notification. Returns at once; the work is done later. */
  notify(index: number): void;
}
