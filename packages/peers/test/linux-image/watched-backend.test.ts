import type { Display, VirtioHost } from '@doorbell/abi';
import type { PixelFormat } from '@doorbell/pv-backend';
import { expect, it } from 'vitest';
import { watch } from '../../src/linux/watched-backend.ts';
import type { GpuBackend, GpuSinks } from '../../src/vhost-user/server.ts';
import { plainBackend } from '../vhost-user/plain-backend.ts';

const bgrx: PixelFormat = {
  ...{ red: 16, green: 8, blue: 0, alpha: 24 },
  ...{ isOpaque: true, isKept: true },
};

it('sees what a backend shows, and passes it on', () => {
  const made: { display?: Display; sinks?: GpuSinks } = {};
  const { device } = plainBackend();
  const backend: GpuBackend = {
    create: (_, display, sinks) => {
      Object.assign(made, { display, sinks });
      return device;
    },
    counts: () => ({ kicks: 3 }),
    close: async () => {},
  };
  const told: string[] = [];
  const watched = watch(backend);
  expect(watched.picture()).toBeUndefined();
  watched.backend.create(
    {} as VirtioHost,
    { flip: (_, width) => told.push(`flip ${width}`) },
    {
      onCursor: { update: () => told.push('update'), move: () => told.push('move') },
      onScanout: { configure: () => told.push('configure'), flushed: () => false },
      beforeDisplayInfo: async () => {},
      keepsPixels: true,
    },
  );

  // Two rows of one pixel, with a gap between them.
  made.sinks!.onScanout.configure(0, 1, 2, bgrx);
  const pixels = Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8);
  made.display!.flip(pixels, 1, 2, 8);
  pixels.fill(0);
  expect(watched.picture()).toEqual({
    width: 1,
    height: 2,
    pixels: Uint8Array.of(3, 2, 1, 4, 7, 6, 5, 8),
  });

  const place = { scanout: 0, x: 0, y: 0 };
  const image = { pixels: new Uint8Array(4), format: bgrx, hotX: 1, hotY: 2 };
  made.sinks!.onCursor.update(place, image);
  made.sinks!.onCursor.move(place);
  made.sinks!.onCursor.update(place, undefined);
  expect(watched.cursor()).toBe(image);
  expect(made.sinks!.onScanout.flushed(0, { x: 0, y: 0, width: 1, height: 2 })).toBe(false);
  expect(told).toEqual(['configure', 'flip 1', 'update', 'move', 'update']);
  expect(watched.backend.counts()).toEqual({ kicks: 3 });
});
