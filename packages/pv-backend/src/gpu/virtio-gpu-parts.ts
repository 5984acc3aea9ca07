/** What a virtio-gpu is made of, and whom it tells. */
import type { Clock, Gpu, GpuImage, Trace } from '@doorbell/abi';
import type { ChannelParts } from './channel/channel-parts.ts';
import type { OpenPackedQueue, OpenSplitQueue } from '../live-queue.ts';
import type { CommandFollower } from './command-follower.ts';
import type { CursorSink } from './cursor.ts';
import type { Limits } from './limits.ts';
import type { ScanoutSink } from './scanout-sink.ts';

/** For a display that is elsewhere, as QEMU's is behind vhost-user. */
export interface DisplaySinks {
  readonly onCursor?: CursorSink;
  readonly onScanout?: ScanoutSink;
  /**
   * Images keep the driver's format, and nothing is converted: who is shown one is told its format.
   * For a renderer that draws nothing of its own, so VIRGL is not to be settled.
   */
  readonly keepsPixels?: boolean;
  /** Awaited before the driver is told what the display is like; it may be resized meanwhile. */
  readonly beforeDisplayInfo?: () => Promise<void>;
}

export interface VirtioGpuParts extends DisplaySinks {
  /** What draws. It is the caller's: the device frees what it made of it, and does not close it. */
  readonly renderer: Gpu;
  /** Where an image's bytes lie, if they are in this process: then they are written there at once. */
  readonly bytesOf?: ((image: GpuImage) => Uint8Array) | undefined;
  /** Channels of the physical GPU for its driver: the capset `bell-channel`. Absent: it has none. */
  readonly channels?: ChannelParts;
  readonly clock: Clock;
  /** Runs a task of the device, until `stop`. It waits by `clock`, `host.memory` and `renderer` alone. */
  readonly spawn: (body: () => Promise<void>) => void;
  readonly trace: Trace;
  /** Whoever wants to know of each command what `trace` does not say. Absent: nobody does. */
  readonly follower?: CommandFollower;
  /** The mode that the display prefers, in pixels. */
  readonly width: number;
  readonly height: number;
  /** 1 to 16; the renderer shows the first. */
  readonly scanouts?: number;
  readonly limits?: Partial<Limits>;
  /** When it is given, the device looks at its queues this often, and asks for no notifications. */
  readonly pollNs?: number;
  /** Makes the device half of a split virtqueue. Absent: this project's own. */
  readonly openSplit?: OpenSplitQueue | undefined;
  /** Likewise of a packed one. */
  readonly openPacked?: OpenPackedQueue | undefined;
  /** Of the UUIDs that it gives out. */
  readonly seed?: number;
  /**
   * Lets everything else on this thread have its turn; called between commands once the device
   * has kept it for some ms of `clock`. Absent: the device has the thread to itself.
   */
  readonly breathe?: () => Promise<void>;
  /** Addresses are translated, as by an IOMMU: a driver has to accept ACCESS_PLATFORM (§6.2). */
  readonly translated?: boolean;
}
