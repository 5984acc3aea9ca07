/**
 * A guest's channel as the backend that serves the guest is handed it. What it asks for is recorded,
 * as the backend is not there in replay; the channel does it again.
 */
import {
  GpuError,
  type ChannelFault,
  type DoorbellPage,
  type HostChannel,
  type RingPlace,
  type VramRange,
} from '@doorbell/abi';
import type { Machine } from '../machine.ts';
import { Service } from '../service.ts';
import type { GuestChannel } from './guest-channel.ts';
import type { HostBell } from './host-bell.ts';
import type { KernelChannel } from './kernel-channel.ts';

/** Where the channels are, by number; all calls name one. */
interface Channels {
  at(number: number): GuestChannel;
  close(number: number): void;
}

type Call =
  | 'reserve'
  | 'release'
  | 'give'
  | 'free'
  | 'mapVram'
  | 'mapMemory'
  | 'unmap'
  | 'start'
  | 'stop'
  | 'fault'
  | 'close';

export type ChannelService = Service<Call>;

/** @param bell  whose VRAM is given out. */
export function channelService(
  machine: Machine,
  bell: HostBell,
  channels: Channels,
): ChannelService {
  const service: ChannelService = new Service(machine, {
    reserve: (_number, pages) => {
      const page = Number.isInteger(pages) && pages > 0 ? bell.allocateVram(pages) : -1;
      if (page < 0) {
        throw new GpuError('out-of-memory', `No ${pages} pages of VRAM in a row are free.`);
      }
      return page;
    },
    release: (_number, page) => {
      bell.releaseVram(page);
    },
    give: (number, page, pages) => {
      channels.at(number).give({ page, pages });
    },
    free: (number, page) => {
      channels.at(number).free(page);
    },
    mapVram: (number, va, page, writable) => {
      channels.at(number).mapVram(va, page, writable !== 0);
    },
    mapMemory: (number, va, guestAddress, pages) => {
      channels.at(number).mapMemory(va, guestAddress, Math.abs(pages), pages > 0);
    },
    unmap: (number, va, pages) => {
      channels.at(number).unmap(va, pages);
    },
    start: (number, ring, ringBytes, fence) => {
      channels.at(number).start({ ring, ringBytes, fence });
    },
    stop: (number) => {
      channels.at(number).stop();
    },
    fault: (number) => (channels.at(number).look() ? 1 : 0),
    close: (number) => {
      channels.close(number);
    },
  });
  return service;
}

export interface ChannelPortParts {
  readonly channel: GuestChannel;
  readonly kernel: KernelChannel;
  readonly service: ChannelService;
}

export class ChannelPort implements HostChannel {
  private readonly parts: ChannelPortParts;
  private readonly number: number;
  private isClosed = false;

  constructor(parts: ChannelPortParts) {
    this.parts = parts;
    this.number = parts.channel.number;
  }

  get doorbell(): DoorbellPage {
    return this.parts.channel.doorbell;
  }

  async allocate(pages: number): Promise<VramRange> {
    const { number } = this;
    const { service, kernel } = this.parts;
    const page = service.call('reserve', number, pages);
    try {
      await kernel.clear(page, pages);
    } catch (error) {
      service.call('release', number, page);
      throw error;
    }
    if (this.isClosed) {
      service.call('release', number, page);
      throw new GpuError('lost', 'The channel was closed meanwhile.');
    }
    service.call('give', number, page, pages);
    return { page, pages };
  }

  free({ page }: VramRange): void {
    this.parts.service.call('free', this.number, page);
  }

  mapVram(va: number, { page }: VramRange, writable: boolean): void {
    this.parts.service.call('mapVram', this.number, va, page, writable ? 1 : 0);
  }

  mapMemory(va: number, guestAddress: number, pages: number, writable: boolean): void {
    this.parts.service.call('mapMemory', this.number, va, guestAddress, writable ? pages : -pages);
  }

  unmap(va: number, pages: number): void {
    this.parts.service.call('unmap', this.number, va, pages);
  }

  start({ ring, ringBytes, fence }: RingPlace): void {
    this.parts.service.call('start', this.number, ring, ringBytes, fence);
  }

  stop(): void {
    this.parts.service.call('stop', this.number);
  }

  fault(): ChannelFault | undefined {
    this.parts.service.call('fault', this.number);
    return this.parts.channel.fault;
  }

  close(): void {
    if (!this.isClosed) {
      this.isClosed = true;
      this.parts.service.call('close', this.number);
    }
  }
}
