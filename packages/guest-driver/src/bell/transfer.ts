/**
 * Bytes between the application and a resource. There are two ways: the CPU's own loads and
 * stores, which need the resource to be at rest, and the copy engine, by way of a buffer in RAM
 * that is mapped for this transfer alone.
 */
import type { PciDevice } from '@doorbell/abi';
import type { AddressSpace } from './address-space.ts';
import { storeBytes } from './aperture.ts';
import type { BellDevice } from './device.ts';
import { DmaBuffer } from './dma-buffer.ts';
import { copyBytes } from './packets.ts';
import type { Entry, Queue } from './queue.ts';
import type { Resource } from './resource.ts';

/** Up to so many bytes, stores through the aperture beat setting up a copy. */
const APERTURE_BYTES = 4096;
/** The most that one copy stages: larger transfers are cut, and their pieces overlap. */
const STAGING_BYTES = 4 << 20;

export class Transfer {
  private readonly device: BellDevice;
  private readonly port: PciDevice;
  private readonly space: AddressSpace;
  private readonly queue: Queue;

  constructor(device: BellDevice, space: AddressSpace, queue: Queue) {
    this.device = device;
    this.port = device.port;
    this.space = space;
    this.queue = queue;
  }

  async write(resource: Resource, offset: number, bytes: Uint8Array): Promise<void> {
    const { memory } = resource;
    if (memory instanceof DmaBuffer) {
      await this.byCpu(resource, () => {
        this.port.memory.copyIn(memory.address + offset, bytes);
      });
    } else if (bytes.length <= APERTURE_BYTES) {
      await this.byCpu(resource, () => {
        storeBytes(this.device.aperture, memory.offset + offset, bytes);
      });
    } else {
      await this.byEngine(resource, bytes, (at, part) =>
        this.stageIn(memory.va + offset + at, part),
      );
    }
  }

  async read(resource: Resource, offset: number, into: Uint8Array): Promise<void> {
    const { memory } = resource;
    if (memory instanceof DmaBuffer) {
      await this.byCpu(resource, () => {
        this.port.memory.copyOut(memory.address + offset, into);
      });
    } else {
      // Never through the aperture: each load would be a round trip to the device.
      await this.byEngine(resource, into, (at, part) =>
        this.stageOut(memory.va + offset + at, part),
      );
    }
  }

  /** Runs `act` when nothing that was submitted uses the resource any more: at once if nothing does. */
  async byCpu(resource: Resource, act: () => void): Promise<void> {
    if (this.queue.isOver(resource.lastUse)) {
      act();
    } else {
      const entry = this.queue.act(act);
      resource.lastUse = entry.sequence;
      await this.queue.untilOver(entry, 'data');
    }
  }

  private async byEngine(
    resource: Resource,
    bytes: Uint8Array,
    stage: (at: number, part: Uint8Array) => Entry,
  ): Promise<void> {
    const entries: Entry[] = [];
    for (let at = 0; at < bytes.length; at += STAGING_BYTES) {
      entries.push(stage(at, bytes.subarray(at, at + STAGING_BYTES)));
    }
    for (const entry of entries) {
      resource.lastUse = entry.sequence;
    }
    for (const entry of entries) {
      await this.queue.untilOver(entry, 'data');
    }
  }

  private stageIn(va: number, bytes: Uint8Array): Entry {
    let staging: DmaBuffer | undefined;
    const packets = (): Uint32Array => {
      staging = new DmaBuffer(this.port, this.space, bytes.length, 'to-device', bytes);
      return copyBytes(va, staging.va, bytes.length);
    };
    return this.queue.submit(packets, () => staging?.free());
  }

  private stageOut(va: number, into: Uint8Array): Entry {
    let staging: DmaBuffer | undefined;
    const packets = (): Uint32Array => {
      staging = new DmaBuffer(this.port, this.space, into.length, 'from-device');
      return copyBytes(staging.va, va, into.length);
    };
    return this.queue.submit(packets, (error) => {
      staging?.detach();
      if (staging !== undefined && error === undefined) {
        this.port.memory.copyOut(staging.address, into);
      }
      staging?.free();
    });
  }
}
