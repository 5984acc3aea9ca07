/** The channels of one guest on a bell that the host keeps. */
import {
  bellBars,
  bellRegisters,
  commandNames,
  GpuError,
  MAX_COPY_BYTES,
  MAX_SURFACE,
  PAGE_BYTES,
  place,
  type ChannelHost,
  type GpuFeatures,
  type HostChannel,
  type SharedPages,
  type Stateful,
  type VramRange,
} from '@doorbell/abi';
import { Service } from '../service.ts';
import { ChannelPort, channelService, type ChannelService } from './channel-port.ts';
import { GuestChannel, type GuestChannelState } from './guest-channel.ts';
import { GuestPages, type PagePinner } from './guest-pages.ts';
import type { HostBell } from './host-bell.ts';
import type { KernelChannel } from './kernel-channel.ts';

const { SCANOUT_CONTROL, SCANOUT_FLIP, SCANOUT_SIZE } = bellRegisters.rows;

export interface GuestChannelsState {
  readonly channels: readonly GuestChannelState[];
  /** Pages of the guest's window, with the doorbells that they lead to: bytes from the BAR's start. */
  readonly doorbells: readonly (readonly [number, number])[];
}

export class GuestChannels implements ChannelHost, Stateful<GuestChannelsState> {
  readonly features: GpuFeatures;
  private readonly bell: HostBell;
  private readonly kernel: KernelChannel;
  private readonly pages: GuestPages;
  private readonly service: Service<'open' | 'show' | 'map' | 'unmap'>;
  private readonly ofChannels: ChannelService;
  /** By number; and who is told that one interrupts. */
  private readonly channels = new Map<number, GuestChannel>();
  private readonly listeners = new Map<number, () => void>();
  private readonly doorbells = new Map<number, number>();
  /** The guest's. */
  private window: SharedPages | undefined;

  constructor(bell: HostBell, kernel: KernelChannel, pinner: PagePinner) {
    const { machine } = bell.host;
    this.bell = bell;
    this.kernel = kernel;
    this.pages = new GuestPages(bell, pinner);
    this.features = {
      maxBufferBytes: Math.min(bell.vramPages * PAGE_BYTES, MAX_COPY_BYTES),
      maxImageSize: MAX_SURFACE,
      commands: new Set(commandNames),
      compute: false,
    };
    this.service = new Service(machine, {
      open: () => this.add(new GuestChannel(this.channelParts)),
      show: (page, pages, size, stride) => {
        this.flip({ page, pages }, size, stride);
      },
      map: (page, offset) => {
        this.mapDoorbell(page, offset);
      },
      unmap: (page) => {
        this.unmapDoorbell(page);
      },
    });
    this.ofChannels = channelService(machine, bell, {
      at: (number) => this.at(number),
      close: (number) => {
        this.at(number).close();
        this.channels.delete(number);
      },
    });
  }

  private get channelParts() {
    const { bell, pages } = this;
    return {
      ...{ bell, pages },
      onInterrupt: (number: number) => {
        bell.host.machine.upcall(() => this.listeners.get(number)?.());
      },
    };
  }

  private add(channel: GuestChannel): number {
    this.channels.set(channel.number, channel);
    return channel.number;
  }

  /** @throws GpuError `lost` when it was closed. */
  private at(number: number): GuestChannel {
    const channel = this.channels.get(number);
    if (channel === undefined) {
      throw new GpuError('lost', 'The channel is closed.');
    }
    return channel;
  }

  /** Pages of the guest that are pinned for its channels. */
  get pinnedPages(): number {
    return this.pages.count;
  }

  open(onInterrupt: () => void): HostChannel {
    const { kernel, ofChannels: service } = this;
    const number = this.service.call('open');
    this.listeners.set(number, onInterrupt);
    return new ChannelPort({ channel: this.at(number), kernel, service });
  }

  /** The part's own screen shows it. @throws GpuError `bad-range` when the picture is not within the range. */
  show({ page, pages }: VramRange, width: number, height: number, stride: number): void {
    if ((height - 1) * stride + width * 4 > pages * PAGE_BYTES) {
      throw new GpuError('bad-range', `A picture of ${width}x${height} is not within the range.`);
    }
    const { WIDTH, HEIGHT } = SCANOUT_SIZE.bits;
    this.service.call('show', page, pages, place(WIDTH, width) | place(HEIGHT, height), stride);
  }

  private flip({ page }: VramRange, size: number, stride: number): void {
    const { registers } = this.bell;
    registers.SCANOUT_SIZE.write(size);
    registers.SCANOUT_STRIDE.write(stride);
    registers.SCANOUT_PAGE.write(page);
    registers.SCANOUT_CONTROL.write(SCANOUT_CONTROL.bits.ENABLE.mask);
    registers.SCANOUT_FLIP.write(SCANOUT_FLIP.bits.FLIP.mask);
  }

  /** The guest is gone: everything of it is given back. */
  close(): void {
    for (const number of [...this.channels.keys()]) {
      this.ofChannels.call('close', number);
    }
  }

  // ------------------------------------------------------------------------------ doorbells

  /** The guest's window, whose pages the backend has lead to doorbells of its channels. */
  through(window: SharedPages): SharedPages {
    this.window = window;
    return {
      pages: window.pages,
      map: (page, { offset }) => {
        this.service.call('map', page, offset);
      },
      unmap: (page) => {
        this.service.call('unmap', page);
      },
    };
  }

  private mapDoorbell(page: number, offset: number): void {
    const bar = bellBars.DOORBELLS.index;
    this.window?.map(page, { endpoint: this.bell.endpoint, bar, offset });
    this.doorbells.set(page, offset);
  }

  private unmapDoorbell(page: number): void {
    this.window?.unmap(page);
    this.doorbells.delete(page);
  }

  // ------------------------------------------------------------------------------ state

  save(): GuestChannelsState {
    return {
      channels: [...this.channels.values()].map((channel) => channel.save()),
      doorbells: [...this.doorbells],
    };
  }

  /** The bell is loaded before. */
  load({ channels, doorbells }: GuestChannelsState): void {
    const until = [...this.channels.values()].flatMap(({ pinned }) => pinned);
    this.channels.clear();
    for (const state of channels) {
      this.add(new GuestChannel(this.channelParts, state));
    }
    this.pages.load(
      [...this.channels.values()].flatMap(({ pinned }) => pinned),
      until,
    );
    [...this.doorbells.keys()].forEach((page) => {
      this.unmapDoorbell(page);
    });
    doorbells.forEach(([page, offset]) => {
      this.mapDoorbell(page, offset);
    });
  }
}
