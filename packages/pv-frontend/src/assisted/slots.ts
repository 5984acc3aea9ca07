/** What each channel of a device has for itself: a page of the shared memory region, and a vector. */
import {
  type Accessors,
  accessors,
  doorbellRegisters,
  GpuError,
  NO_VECTOR,
  PAGE_BYTES,
  SHM_HOST_VISIBLE,
  type SharedRegion,
  type VirtioTransport,
} from '@doorbell/abi';
import type { FrontendOptions } from '../options.ts';
import { ProbeError } from '../probe-error.ts';
import type { VectorRange } from '../probe.ts';

export interface Slot {
  /** Where the doorbell page is to be mapped, in bytes from the start of the region. */
  readonly offset: number;
  readonly doorbell: Accessors<typeof doorbellRegisters.rows>;
  /** The MSI-X vector of the channel's interrupts; NO_VECTOR: it is polled. */
  readonly vector: number;
  /** The handler. */
  onInterrupt: () => void;
}

const nobody = (): void => {};

export class ChannelSlots {
  private readonly transport: VirtioTransport;
  private readonly vectors: VectorRange;
  private readonly region: SharedRegion;
  private readonly polls: boolean;
  /** Those that were ever used, by number, and those that are now. */
  private readonly slots: Slot[] = [];
  private readonly taken = new Set<Slot>();

  /** @throws ProbeError when the transport has no shared memory, or too few vectors. */
  constructor(
    transport: VirtioTransport,
    vectors: VectorRange,
    { notify, recover }: FrontendOptions,
  ) {
    const region = transport.sharedMemory?.(SHM_HOST_VISIBLE);
    if (region === undefined) {
      throw new ProbeError('The device has no shared memory region for doorbells.');
    }
    if (recover) {
      throw new ProbeError('A channel cannot be rebuilt on another device: recover is to be off.');
    }
    this.transport = transport;
    this.vectors = vectors;
    this.region = region;
    this.polls = notify === 'poll';
    if (!this.polls && vectors.count === 0) {
      throw new ProbeError('The device has no MSI-X vectors for channels.');
    }
  }

  /** @throws GpuError `out-of-memory` when all pages are taken, `lost` when there is no such vector. */
  take(): Slot {
    const free = this.slots.find((slot) => !this.taken.has(slot)) ?? this.newSlot();
    this.taken.add(free);
    return free;
  }

  give(slot: Slot): void {
    slot.onInterrupt = nobody;
    this.taken.delete(slot);
  }

  private newSlot(): Slot {
    const { mmio, base, bytes } = this.region;
    const offset = this.slots.length * PAGE_BYTES;
    if (offset + PAGE_BYTES > bytes) {
      throw new GpuError('out-of-memory', 'virtio-gpu: no page for a doorbell is free.');
    }
    const vector = this.polls ? NO_VECTOR : this.vectorOf(this.slots.length);
    const doorbell = accessors(doorbellRegisters, mmio, base + offset);
    const slot = { offset, doorbell, vector, onInterrupt: nobody };
    this.slots.push(slot);
    return slot;
  }

  /** Channels share vectors when there are more of them. */
  private vectorOf(number: number): number {
    const vector = this.vectors.first + (number % this.vectors.count);
    const handles = this.transport.handleVector?.(vector, () => {
      for (const slot of this.slots) {
        if (slot.vector === vector) {
          slot.onInterrupt();
        }
      }
    });
    if (handles !== true) {
      throw new GpuError('lost', `virtio-gpu: the function has no MSI-X vector ${vector}.`);
    }
    return vector;
  }
}
