/** What the device keeps for one driver, from DRIVER_OK to its reset. */
import { type Fence, type FeatureSet, type Gpu, type GpuImage, hasFeature } from '@doorbell/abi';
import { ChannelBudget } from './channel/channel-budget.ts';
import { type ChannelMemory, GuestChannel } from './channel/channel.ts';
import type { ChannelParts } from './channel/channel-parts.ts';
import { DoorbellWindow } from './channel/doorbell-window.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { Contexts } from './context.ts';
import type { CursorSink } from './cursor.ts';
import type { DisplayConfig } from './display-config.ts';
import type { Limits } from './limits.ts';
import { kept, type PixelFormat, pixelFormat } from './pixels.ts';
import { Resources } from './resource.ts';
import { Scanouts } from './scanout.ts';
import type { ScanoutSink } from './scanout-sink.ts';
import type { Turns } from './turns.ts';

export interface SessionParts {
  readonly renderer: Gpu;
  readonly bytesOf: ((image: GpuImage) => Uint8Array) | undefined;
  readonly memory: GuestMemory;
  /** The same, at once. */
  readonly atOnce: ChannelMemory;
  readonly channels: ChannelParts | undefined;
  readonly limits: Limits;
  readonly display: DisplayConfig;
  readonly onCursor: CursorSink | undefined;
  readonly onScanout: ScanoutSink | undefined;
  readonly beforeDisplayInfo: (() => Promise<void>) | undefined;
  /** Images keep the driver's format. */
  readonly keepsPixels: boolean;
  /** Of what is random about it. */
  readonly seed: number;
  /** As negotiated. */
  readonly features: FeatureSet;
}

/** A picture of 1920 by 1080, in bytes. */
const MOST_SCRATCH = 1920 * 1080 * 4;

export class Session {
  readonly parts: SessionParts;
  readonly resources: Resources;
  readonly contexts: Contexts;
  readonly scanouts: Scanouts;
  readonly doorbells: DoorbellWindow;
  /** The renderer's last work for this driver; 0: none. */
  lastWork: Fence = 0;
  /** UUIDs that were given out. */
  uuids = 0;

  private readonly budget: ChannelBudget;
  private room = new Uint8Array(0);

  constructor(parts: SessionParts) {
    const { renderer, limits, display, onScanout } = parts;
    this.parts = parts;
    this.budget = new ChannelBudget(limits);
    this.doorbells = new DoorbellWindow(parts.channels?.shared);
    this.resources = new Resources(renderer, limits);
    this.contexts = new Contexts(limits);
    this.scanouts = new Scanouts(display.scanouts, this.resources, onScanout);
  }

  has(feature: number): boolean {
    return hasFeature(this.parts.features, feature);
  }

  /** Undefined: there is no such format. */
  formatOf(number: number): PixelFormat | undefined {
    const format = pixelFormat(number);
    return format === undefined || !this.parts.keepsPixels ? format : kept(format);
  }

  /**
   * Bytes for as long as one command is served, with whatever was in them. What is large is used
   * again, because memory that is new has to be cleared.
   */
  scratch(bytes: number): Uint8Array {
    if (bytes > MOST_SCRATCH) {
      return new Uint8Array(bytes);
    }
    if (bytes > this.room.length) {
      this.room = new Uint8Array(bytes);
    }
    return this.room.subarray(0, bytes);
  }

  /** @throws Refusal, GpuError; Error when there are no channels: a mistake of the caller's. */
  openChannel(): GuestChannel {
    const { channels, atOnce } = this.parts;
    if (channels === undefined) {
      throw new Error('The device has no channels to open.');
    }
    return new GuestChannel(channels, atOnce, this.budget);
  }

  /** When it returns, no GPU does anything for the driver any more, whose memory is its own again. */
  stopChannels(): void {
    this.doorbells.unmapAll();
    this.contexts.channels.forEach((channel) => {
      channel.stop();
    });
  }

  /** Gives all that it holds back to the renderer, and to who hands out channels. */
  async free(turns?: Turns): Promise<void> {
    await this.scanouts.disableAll();
    await this.resources.removeAll(turns);
    this.contexts.channels.forEach((channel) => {
      channel.close();
    });
  }
}
