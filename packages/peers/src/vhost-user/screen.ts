/**
 * What the device shows, kept as the front-end is to have it. What changed is sent when the GPU
 * socket has room: pictures that nobody could have seen in between are left out, and a front-end
 * that comes later gets the last.
 */
import type { Display } from '@doorbell/abi';
import type {
  CursorImage,
  CursorPlace,
  CursorSink,
  PixelFormat,
  Rect,
  ScanoutSink,
} from '@doorbell/pv-backend';
import { bgrx, copyAsBgrx } from './bgrx.ts';
import type { GpuChannel } from './gpu-channel.ts';
import {
  CURSOR_BYTES,
  gpuCursorPos,
  gpuCursorUpdate,
  gpuRequests,
  gpuScanout,
  gpuUpdate,
} from './gpu-messages.ts';
import { nowhere, union } from './part.ts';

/** The one scanout that has a display. */
const SCANOUT = 0;
const PIXEL_BYTES = 4;
/**
 * In milliseconds. QEMU looks at what it shows every 30 (GUI_REFRESH_INTERVAL_DEFAULT); so often
 * is a guest seen that flushes without end. What is flushed before a pause is there after `QUIET_MS`.
 */
const REFRESH_MS = 30;
const QUIET_MS = 2;

export class Screen implements Display, ScanoutSink, CursorSink {
  /** Flushes that were to be seen, and messages that showed them. */
  frames = 0;
  updates = 0;
  private readonly refresh: () => void;
  private channel: GpuChannel | undefined;

  private width = 0;
  private height = 0;
  private format: PixelFormat = bgrx;
  /** B, G, R, X words of all that is shown, row by row. */
  private shown = new Uint32Array(0);
  private isConfigured = true;
  /** The whole picture is new: what is flushed first may be a part of it. */
  private isNew = true;
  /** Flushed, and not flipped yet; flipped, and not sent yet. */
  private flushedPart = nowhere;
  private unsent = nowhere;
  private lastFlip = 0;
  private timer: NodeJS.Timeout | undefined;

  private place: CursorPlace = { scanout: SCANOUT, x: 0, y: 0 };
  private image: CursorImage | undefined;
  /** What of the cursor is to be sent. */
  private cursorNews: 'none' | 'place' | 'image' = 'none';
  private waiting: (() => void)[] = [];

  /** @param refresh  makes the device flip what it has flushed. */
  constructor(refresh: () => void) {
    this.refresh = refresh;
  }

  /** Goes on with a front-end: it knows nothing yet. Undefined: nobody is there. */
  attach(channel: GpuChannel | undefined): void {
    this.channel = channel;
    this.isConfigured = this.width === 0;
    this.unsent = this.isNew ? nowhere : this.whole;
    this.cursorNews = this.image === undefined ? 'none' : 'image';
    this.push();
  }

  private get whole(): Rect {
    return { x: 0, y: 0, width: this.width, height: this.height };
  }

  /** Nothing is flipped any more. */
  close(): void {
    clearTimeout(this.timer);
    this.attach(undefined);
  }

  /** Resolves when the front-end was sent all that was flushed before, or nobody is there. */
  async settled(): Promise<void> {
    this.refresh();
    while (this.channel !== undefined && !(this.channel.isClear && this.flushedPart.width === 0)) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    }
  }

  // ------------------------------------------------------------------------------ the picture

  configure(scanout: number, width: number, height: number, format: PixelFormat): void {
    if (scanout !== SCANOUT) {
      return;
    }
    this.isNew = true;
    this.flushedPart = nowhere;
    this.format = format;
    // A picture of the same size: what is there stays until the next is flushed.
    if (width !== this.width || height !== this.height) {
      this.width = width;
      this.height = height;
      this.shown = new Uint32Array(width * height);
      this.isConfigured = false;
      this.unsent = nowhere;
    }
    this.push();
  }

  flushed(scanout: number, part: Rect): boolean {
    if (scanout !== SCANOUT) {
      return false;
    }
    this.frames++;
    this.flushedPart = union(this.flushedPart, part);
    if (performance.now() - this.lastFlip >= REFRESH_MS) {
      return true;
    }
    if (this.timer === undefined) {
      this.timer = setTimeout(() => this.refresh(), QUIET_MS);
    } else {
      this.timer.refresh();
    }
    return false;
  }

  flip(pixels: Uint8Array, width: number, height: number, stride: number): void {
    this.lastFlip = performance.now();
    const part = this.isNew ? this.whole : this.flushedPart;
    this.flushedPart = nowhere;
    // Otherwise it is of a scanout that was taken away meanwhile.
    if (width === this.width && height === this.height) {
      this.isNew = false;
      copyAsBgrx(this.format, pixels, stride / PIXEL_BYTES, this.shown, width, part);
      this.unsent = union(this.unsent, part);
    }
    this.push();
  }

  // ------------------------------------------------------------------------------ the cursor

  update(place: CursorPlace, image: CursorImage | undefined): void {
    this.place = place;
    this.image = image;
    this.cursorNews = 'image';
    this.push();
  }

  move(place: CursorPlace): void {
    this.place = place;
    this.cursorNews = this.cursorNews === 'image' ? 'image' : 'place';
    this.push();
  }

  // ------------------------------------------------------------------------------ sending

  /** Sends what is new, a message at a time, while there is room. */
  push(): void {
    while (this.channel?.isClear === true && this.sendNext(this.channel)) {
      // the next
    }
    for (const resolve of this.waiting.splice(0)) {
      resolve();
    }
  }

  /** Whether there was something. */
  private sendNext(channel: GpuChannel): boolean {
    const { width, height } = this;
    if (!this.isConfigured) {
      this.isConfigured = true;
      channel.send(gpuRequests.SCANOUT, gpuScanout.encode({ scanout: SCANOUT, width, height }));
    } else if (this.unsent.width > 0) {
      this.sendUpdate(channel, this.unsent);
    } else if (this.cursorNews !== 'none') {
      this.sendCursor(channel);
    } else {
      return false;
    }
    return true;
  }

  private sendUpdate(channel: GpuChannel, part: Rect): void {
    this.unsent = nowhere;
    this.updates++;
    const head = gpuUpdate.encode({ scanout: SCANOUT, ...part });
    channel.send(gpuRequests.UPDATE, head, this.rowsOf(part));
  }

  /** Whole rows as they are kept: what is flipped meanwhile is sent again, so it may show early. */
  private rowsOf({ x, y, width, height }: Rect): Uint8Array {
    const first = y * this.width + x;
    const { shown } = this;
    if (width === this.width) {
      return new Uint8Array(shown.buffer, first * PIXEL_BYTES, width * height * PIXEL_BYTES);
    }
    const rows = new Uint32Array(width * height);
    for (let row = 0; row < height; row++) {
      const at = first + row * this.width;
      rows.set(shown.subarray(at, at + width), row * width);
    }
    return new Uint8Array(rows.buffer);
  }

  private sendCursor(channel: GpuChannel): void {
    const { place, image, cursorNews } = this;
    this.cursorNews = 'none';
    if (image === undefined) {
      channel.send(gpuRequests.CURSOR_POS_HIDE, gpuCursorPos.encode(place));
    } else if (cursorNews === 'place') {
      channel.send(gpuRequests.CURSOR_POS, gpuCursorPos.encode(place));
    } else {
      const cursor = cursorOf(image);
      const { hotX, hotY } = image;
      const message = gpuCursorUpdate.encode({ pos: place, hotX, hotY, cursor });
      channel.send(gpuRequests.CURSOR_UPDATE, message);
    }
  }
}

function cursorOf({ pixels, format }: CursorImage): Uint8Array {
  const side = Math.sqrt(CURSOR_BYTES / PIXEL_BYTES);
  const words = new Uint32Array(side * side);
  copyAsBgrx(format, pixels, side, words, side, { x: 0, y: 0, width: side, height: side });
  return new Uint8Array(words.buffer);
}
