/** What each scanout shows. */
import type { GpuImage, VramRange } from '@doorbell/abi';
import { type PixelFormat, rgba } from './pixels.ts';
import type { Rect } from './rect.ts';
import type {
  BlobResource,
  ChannelBlobResource,
  ImageResource,
  Resource,
  Resources,
} from './resource.ts';
import type { ScanoutSink } from './scanout-sink.ts';

/** Where a framebuffer lies in a blob. Offset and stride are in bytes. */
export interface Framebuffer {
  readonly format: PixelFormat;
  readonly offset: number;
  readonly stride: number;
}

interface Shown {
  /** What is seen, in pixels of the resource or of the framebuffer. */
  readonly r: Rect;
  /** Flushed, and the display was not handed it yet. */
  isDue: boolean;
}

/** All of an image: it is presented as it is. */
interface WholeImage extends Shown {
  readonly kind: 'whole';
  readonly resource: ImageResource;
}

/** What is copied, when it is flushed, to an image of the scanout's own. */
interface Copied extends Shown {
  readonly own: GpuImage;
  /** Nothing was copied yet. */
  isStale: boolean;
}

export interface PartOfImage extends Copied {
  readonly kind: 'part';
  readonly resource: ImageResource;
}

export interface InBlob extends Copied {
  readonly kind: 'blob';
  readonly resource: BlobResource;
  readonly framebuffer: Framebuffer;
}

/** VRAM of a channel, all of which is one picture: whoever hands out channels shows it. */
interface InVram extends Shown {
  readonly kind: 'vram';
  readonly resource: ChannelBlobResource;
  readonly vram: VramRange;
  /** In bytes. */
  readonly stride: number;
}

export type Scanout = WholeImage | PartOfImage | InBlob | InVram;

/** Of what the display is handed. */
function formatOf(scanout: Scanout): PixelFormat {
  if (scanout.kind === 'vram') {
    return rgba;
  }
  const { format } = scanout.kind === 'blob' ? scanout.framebuffer : scanout.resource;
  return format.isKept ? format : rgba;
}

export class Scanouts {
  readonly count: number;
  private readonly shown = new Map<number, Scanout>();
  private readonly resources: Resources;
  private readonly sink: ScanoutSink | undefined;

  constructor(count: number, resources: Resources, sink?: ScanoutSink) {
    this.count = count;
    this.resources = resources;
    this.sink = sink;
  }

  get(index: number): Scanout | undefined {
    return this.shown.get(index);
  }

  async set(index: number, scanout: Scanout): Promise<void> {
    await this.take(index);
    this.shown.set(index, scanout);
    const { width, height } = scanout.r;
    this.sink?.configure(index, width, height, formatOf(scanout));
  }

  async disable(index: number): Promise<void> {
    if (this.shown.has(index)) {
      this.sink?.configure(index, 0, 0, rgba);
      await this.take(index);
    }
  }

  private async take(index: number): Promise<void> {
    const scanout = this.shown.get(index);
    this.shown.delete(index);
    if (scanout !== undefined && 'own' in scanout) {
      await this.resources.free(scanout.own);
    }
  }

  /** No scanout shows a resource any more. */
  async forget(resource: Resource): Promise<void> {
    for (const [index, scanout] of [...this.shown]) {
      if (scanout.resource === resource) {
        await this.disable(index);
      }
    }
  }

  async disableAll(): Promise<void> {
    for (const index of [...this.shown.keys()]) {
      await this.disable(index);
    }
  }
}
