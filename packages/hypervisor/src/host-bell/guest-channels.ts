/** The channels of one guest on a bell that the host keeps. */
import {
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
  type VramRange,
} from '@doorbell/abi';
import { GuestChannel } from './guest-channel.ts';
import { GuestPages, type PagePinner } from './guest-pages.ts';
import type { HostBell } from './host-bell.ts';
import type { KernelChannel } from './kernel-channel.ts';

const { SCANOUT_CONTROL, SCANOUT_FLIP, SCANOUT_SIZE } = bellRegisters.rows;

export class GuestChannels implements ChannelHost {
  readonly features: GpuFeatures;
  private readonly bell: HostBell;
  private readonly kernel: KernelChannel;
  private readonly pages: GuestPages;
  private readonly channels = new Set<HostChannel>();

  constructor(bell: HostBell, kernel: KernelChannel, pinner: PagePinner) {
    this.bell = bell;
    this.kernel = kernel;
    this.pages = new GuestPages(bell, pinner);
    this.features = {
      maxBufferBytes: Math.min(bell.vramPages * PAGE_BYTES, MAX_COPY_BYTES),
      maxImageSize: MAX_SURFACE,
      commands: new Set(commandNames),
      compute: false,
    };
  }

  /** Pages of the guest that are pinned for its channels. */
  get pinnedPages(): number {
    return this.pages.count;
  }

  open(onInterrupt: () => void): HostChannel {
    const { bell, kernel, pages } = this;
    const channel: GuestChannel = new GuestChannel({
      ...{ bell, kernel, pages, onInterrupt },
      onClose: () => this.channels.delete(channel),
    });
    this.channels.add(channel);
    return channel;
  }

  /** The part's own screen shows it. @throws GpuError `bad-range` when the picture is not within the range. */
  show(range: VramRange, width: number, height: number, stride: number): void {
    if ((height - 1) * stride + width * 4 > range.pages * PAGE_BYTES) {
      throw new GpuError('bad-range', `A picture of ${width}x${height} is not within the range.`);
    }
    const { registers } = this.bell;
    const { WIDTH, HEIGHT } = SCANOUT_SIZE.bits;
    registers.SCANOUT_SIZE.write(place(WIDTH, width) | place(HEIGHT, height));
    registers.SCANOUT_STRIDE.write(stride);
    registers.SCANOUT_PAGE.write(range.page);
    registers.SCANOUT_CONTROL.write(SCANOUT_CONTROL.bits.ENABLE.mask);
    registers.SCANOUT_FLIP.write(SCANOUT_FLIP.bits.FLIP.mask);
  }

  /** The guest is gone: everything of it is given back. */
  close(): void {
    for (const channel of [...this.channels]) {
      channel.close();
    }
  }
}
