/**
 * A virtio-gpu that is driven by bytes: nothing of a request is checked, and all that the device
 * wrote is handed back. The queues are pv-frontend's.
 */
import {
  Chain,
  type CoherentMemory,
  deviceStatus,
  type FeatureSet,
  gpuQueues,
  hasFeature,
  type PciDevice,
  virtioFeatures,
  type VirtioTransport,
} from '@doorbell/abi';
import {
  type DriverQueue,
  pciTransport,
  queueLayout,
  setupAt,
  SplitDriverQueue,
} from '@doorbell/pv-frontend';
import { setImmediate } from 'node:timers/promises';
import type { GpuRequest } from './request.ts';

/** What became of a request. */
export interface Answer {
  /** Bytes that the device says it wrote; -1: it never returned the chain. */
  readonly used: number;
  /** All that it could have written; what it did not write is `UNTOUCHED`. */
  readonly bytes: Uint8Array;
}

export const UNTOUCHED = 0xa5;
/** For requests and the room of their responses. */
const SLAB_BYTES = 1 << 20;
const TABLE_ENTRIES = 64;
const MOST_BUFFERS = 256;
const ALIGNMENT = 16;
const { ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK } = deviceStatus;

/** A chain that the device has, and where its response goes. */
interface Sent {
  readonly index: number;
  readonly at: number;
  readonly bytes: number;
}

export class RawGpu {
  readonly offered: FeatureSet;
  private readonly device: PciDevice;
  private readonly transport: VirtioTransport;
  private readonly slab: CoherentMemory;
  private readonly held: CoherentMemory[] = [];
  private readonly queues: DriverQueue[] = [];
  private readonly chain = new Chain(MOST_BUFFERS);

  /** Takes a function in hand. @param wanted  features, of which those that it offers are accepted. */
  static async open(device: PciDevice, wanted: FeatureSet): Promise<RawGpu> {
    const transport = pciTransport(device);
    await transport.writeStatus(0);
    await transport.writeStatus(ACKNOWLEDGE | DRIVER);
    const raw = new RawGpu(device, transport, await transport.deviceFeatures());
    await raw.start(raw.offered & wanted);
    return raw;
  }

  private constructor(device: PciDevice, transport: VirtioTransport, offered: FeatureSet) {
    this.device = device;
    this.transport = transport;
    this.offered = offered;
    this.slab = this.coherent(SLAB_BYTES);
  }

  private coherent(bytes: number): CoherentMemory {
    const made = this.device.dma.allocateCoherent(bytes);
    this.held.push(made);
    return made;
  }

  private async start(features: FeatureSet): Promise<void> {
    const { transport } = this;
    await transport.setDriverFeatures(features);
    await transport.writeStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK);
    for (const number of [gpuQueues.CONTROL, gpuQueues.CURSOR]) {
      await this.enable(number, features);
    }
    await transport.writeStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
  }

  private async enable(number: number, features: FeatureSet): Promise<void> {
    const { INDIRECT_DESC, EVENT_IDX } = virtioFeatures;
    const indirect = hasFeature(features, INDIRECT_DESC);
    const size = await this.transport.maxQueueSize(number);
    const layout = queueLayout(false, size, indirect ? TABLE_ENTRIES : 0);
    const { address, iova } = this.coherent(layout.bytes);
    const options = { indirect, eventIdx: hasFeature(features, EVENT_IDX), inOrder: false };
    const tables = {
      address: address + layout.tables,
      iova: iova + layout.tables,
      entries: layout.entries,
    };
    const { memory } = this.device;
    const queue = new SplitDriverQueue(memory, setupAt(layout, address), options, tables);
    queue.disableNotifications();
    this.queues[number] = queue;
    await this.transport.enableQueue(number, setupAt(layout, iova), () => {});
  }

  readConfig(offset: number, bytes: number): Promise<Uint8Array> {
    return this.transport.readConfig(offset, bytes);
  }

  readStatus(): Promise<number> {
    return this.transport.readStatus();
  }

  /**
   * Sends requests of one queue by one notification, and waits for all answers, in the requests'
   * order. @param patienceMs  what takes longer is never answered.
   */
  async exchange(requests: readonly GpuRequest[], patienceMs: number): Promise<Answer[]> {
    const number = requests.at(0)?.queue ?? gpuQueues.CONTROL;
    const queue = this.queues[number];
    const underWay = new Map<number, Sent>();
    let at = 0;
    requests.forEach((one, index) => {
      const sent = this.place(one, index, at);
      at = align(sent.at + sent.bytes);
      underWay.set(queue.add(this.chain), sent);
    });
    if (underWay.has(-1)) {
      throw new RangeError(`The queue has no room for ${requests.length} requests at once.`);
    }
    if (queue.publish()) {
      this.transport.notify(number);
    }
    const used = await this.collect(queue, underWay, requests.length, patienceMs);
    return used.map(({ sent, length }) => ({ used: length, bytes: this.written(sent) }));
  }

  /** Writes a request to the slab, and its buffers to the chain. */
  private place({ readable, room, label }: GpuRequest, index: number, from: number): Sent {
    const { chain, slab } = this;
    const { memory } = this.device;
    let at = from;
    const bytes = room.reduce((sum, size) => sum + size, 0);
    const needed = readable.reduce((sum, part) => sum + part.length, bytes) + ALIGNMENT;
    if (from + needed > slab.bytes) {
      throw new RangeError(`There is no room for ${needed} bytes: ${label}.`);
    }
    chain.clear();
    for (const part of readable) {
      memory.copyIn(slab.address + at, part);
      chain.push(slab.iova + at, part.length, false);
      at += part.length;
    }
    at = align(at);
    const sent = { index, at, bytes };
    memory.copyIn(slab.address + at, new Uint8Array(bytes).fill(UNTOUCHED));
    for (const size of room) {
      chain.push(slab.iova + at, size, true);
      at += size;
    }
    return sent;
  }

  private async collect(
    queue: DriverQueue,
    underWay: Map<number, Sent>,
    count: number,
    patienceMs: number,
  ): Promise<{ readonly sent: Sent; readonly length: number }[]> {
    const deadline = performance.now() + patienceMs;
    const used: { readonly sent: Sent; readonly length: number }[] = [];
    while (used.length < count && performance.now() < deadline) {
      for (let id = queue.take(); id >= 0; id = queue.take()) {
        used.push({ sent: underWay.get(id)!, length: queue.usedLength });
        underWay.delete(id);
      }
      if (used.length < count) {
        await setImmediate();
      }
    }
    for (const sent of underWay.values()) {
      used.push({ sent, length: -1 });
    }
    return used.sort((a, b) => a.sent.index - b.sent.index);
  }

  private written({ at, bytes }: Sent): Uint8Array {
    const into = new Uint8Array(bytes);
    this.device.memory.copyOut(this.slab.address + at, into);
    return into;
  }

  /** Resets the device and gives everything back. */
  async close(): Promise<void> {
    await this.transport.writeStatus(0);
    this.transport.release();
    for (const memory of this.held.splice(0)) {
      this.device.dma.freeCoherent(memory);
    }
  }
}

function align(at: number): number {
  return Math.ceil(at / ALIGNMENT) * ALIGNMENT;
}
