/** A backend whose screen and pointer are seen by somebody besides whoever it shows them to. */
import type { Display } from '@doorbell/abi';
import type { Picture } from '@doorbell/guest-driver';
import type { CursorImage, PixelFormat } from '@doorbell/pv-backend';
import type { GpuBackend, GpuSinks } from '../vhost-user/server.ts';

/** What a backend showed last. */
export interface Watched {
  readonly backend: GpuBackend;
  /** Undefined before the first. */
  picture(): Picture | undefined;
  /** The last that was shown, also once it is hidden. */
  cursor(): CursorImage | undefined;
}

/** A display's pixels, rows without gaps. */
function rowsOf(pixels: Uint8Array, width: number, height: number, stride: number): Uint8Array {
  const rows = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++) {
    rows.set(pixels.subarray(row * stride, row * stride + width * 4), row * width * 4);
  }
  return rows;
}

/** R, G, B, A of pixels as the driver has them. */
function inRgba({ width, height, pixels }: Picture, format: PixelFormat): Picture {
  const shifts = [format.red, format.green, format.blue, format.alpha];
  const words = new Uint32Array(pixels.buffer);
  const bytes = new Uint8Array(pixels.length);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = words[at >> 2] >>> shifts[at & 3];
  }
  return { width, height, pixels: bytes };
}

export function watch(backend: GpuBackend): Watched {
  let shown: Picture | undefined;
  let format: PixelFormat | undefined;
  let cursor: CursorImage | undefined;
  const tee = (display: Display): Display => ({
    flip: (pixels, width, height, stride) => {
      shown = { width, height, pixels: rowsOf(pixels, width, height, stride) };
      display.flip(pixels, width, height, stride);
    },
  });
  const teeSinks = (sinks: GpuSinks): GpuSinks => ({
    ...sinks,
    onCursor: {
      update: (place, image) => {
        cursor = image ?? cursor;
        sinks.onCursor.update(place, image);
      },
      move: (place) => {
        sinks.onCursor.move(place);
      },
    },
    onScanout: {
      configure: (scanout, width, height, next) => {
        format = next;
        sinks.onScanout.configure(scanout, width, height, next);
      },
      flushed: (scanout, part) => sinks.onScanout.flushed(scanout, part),
    },
  });
  return {
    picture: () => (shown === undefined || format === undefined ? shown : inRgba(shown, format)),
    cursor: () => cursor,
    backend: {
      create: (host, display, sinks) => backend.create(host, tee(display), teeSinks(sinks)),
      counts: () => backend.counts(),
      close: () => backend.close(),
    },
  };
}
