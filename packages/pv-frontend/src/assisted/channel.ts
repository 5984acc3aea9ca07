/** A channel of the physical GPU, from the context that it is to the end of it. */
import {
  blobFlags,
  CHANNEL_CAPSET,
  DOORBELL_BLOB,
  GpuError,
  NO_VECTOR,
  PAGE_BYTES,
} from '@doorbell/abi';
import type { VirtioGpuDevice } from '../device.ts';
import { type Step, step } from '../operation.ts';
import {
  ctxCreate,
  ctxDestroy,
  resourceCreateBlob,
  resourceMapBlob,
  resourceUnref,
  submit3d,
} from '../requests.ts';
import { AddressSpace } from './address-space.ts';
import { ChannelMemory, FIRST_FREE_PAGE } from './channel-memory.ts';
import { HostRequests, joined } from './host-requests.ts';
import { PushBuffer } from './push-buffer.ts';
import { ChannelQueue } from './queue.ts';
import type { ChannelSlots, Slot } from './slots.ts';

export interface ChannelParts {
  readonly device: VirtioGpuDevice;
  readonly context: number;
  readonly slots: ChannelSlots;
}

export class Channel {
  readonly context: number;
  readonly space = new AddressSpace(FIRST_FREE_PAGE);
  readonly host: HostRequests;
  readonly queue: ChannelQueue;
  private readonly device: VirtioGpuDevice;
  private readonly slots: ChannelSlots;
  private readonly slot: Slot;
  private readonly memory: ChannelMemory;
  /** The id of the doorbell page as a resource. */
  private readonly doorbell: number;
  private isFree = false;

  /** @throws GpuError `out-of-memory` */
  constructor({ device, context, slots }: ChannelParts, doorbell: number) {
    this.device = device;
    this.context = context;
    this.slots = slots;
    this.doorbell = doorbell;
    this.host = new HostRequests(device, context);
    const slot = slots.take();
    this.slot = slot;
    try {
      this.memory = new ChannelMemory(device.parts);
    } catch (error) {
      slots.give(slot);
      throw error;
    }
    this.queue = this.makeQueue();
    slot.onInterrupt = () => {
      device.wake();
    };
    device.onLoss.add(this.lose);
  }

  private makeQueue(): ChannelQueue {
    const { device, memory, slot } = this;
    return new ChannelQueue({
      memory,
      push: new PushBuffer(device.parts.memory, memory),
      interrupts: slot.vector !== NO_VECTOR,
      ring: (tail) => {
        slot.doorbell.TAIL.write(tail);
      },
      restart: (ended) => {
        this.host.now(memory.startRecord(slot.vector), ended);
      },
      until: (condition, reason, asks) => device.until(condition, reason, asks),
      wake: () => {
        device.wake();
      },
      onEnded: () => {
        device.progress++;
      },
    });
  }

  private readonly lose = (error: GpuError): void => {
    this.queue.lose(error);
  };

  /** @throws GpuError; nothing is held then. */
  async open(): Promise<void> {
    try {
      const steps = this.openSteps();
      await this.device.finish({ steps: () => steps, again: false }, 'dependency');
    } catch (error) {
      await this.close([]);
      this.free();
      throw error;
    }
  }

  private openSteps(): Step[] {
    const { context, memory, slot, doorbell } = this;
    const stream = joined([...memory.mapRecords(), memory.startRecord(slot.vector)]);
    const flags = blobFlags.MAPPABLE;
    return [
      step(() => ctxCreate(context, CHANNEL_CAPSET, 'doorbell')),
      step(() => submit3d(context, stream)),
      step(() => resourceCreateBlob(context, doorbell, DOORBELL_BLOB, PAGE_BYTES, flags)),
      step(() => resourceMapBlob(doorbell, slot.offset)),
    ];
  }

  /**
   * Ends the context, and with it all that it has. An error is nobody's any more: what could not be
   * taken away was not there, or goes with the device.
   * @param before  what is to be done first.
   */
  async close(before: readonly Step[]): Promise<void> {
    this.host.send();
    const last = [
      [...before],
      [step(() => resourceUnref(this.doorbell))],
      [step(() => ctxDestroy(this.context))],
    ].map((steps) => this.device.order.add({ steps: () => steps, again: false }));
    await this.device.until(() => last.every(({ over }) => over), 'dependency');
  }

  /** The context is no more, or the device was reset: gives RAM and slot back. */
  free(): void {
    if (this.isFree) {
      return;
    }
    this.isFree = true;
    this.device.onLoss.delete(this.lose);
    this.queue.lose(new GpuError('lost', 'virtio-gpu: the Gpu is closed.'));
    this.memory.free();
    this.slots.give(this.slot);
  }
}
