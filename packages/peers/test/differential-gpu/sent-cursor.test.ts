/** Bytes typed in from QEMU's docs/interop/vhost-user-gpu.rst. */
import { expect, it } from 'vitest';
import { SentCursor } from '../../src/differential-gpu/sent-cursor.ts';

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const pixels = new Uint8Array(64 * 64 * 4).fill(0x77);
const shown = Buffer.concat([words(6, 0, 20 + pixels.length, 0, 16, 32, 5, 6), pixels]);
const moved = words(4, 0, 12, 0, 7, 8);
const hidden = words(5, 0, 12, 0, 9, 10);
const scanout = words(7, 0, 12, 0, 640, 480);
const update = words(8, 0, 24, 0, 4, 0, 1, 1, 0xffffffff);

it.each([1, 7, 4096, 1 << 20])(
  'finds the pointer among other messages, %i bytes at a time',
  (n) => {
    const cursor = new SentCursor();
    const all = (...messages: Uint8Array[]): void => {
      const bytes = Buffer.concat(messages);
      for (let at = 0; at < bytes.length; at += n) {
        cursor.hear(bytes.subarray(at, at + n));
      }
    };
    expect(cursor.describe(pixels)).toBe('nothing was sent');
    all(words(1, 0, 0), scanout, shown, update);
    expect(cursor.describe(pixels)).toBe(
      'shown at 16, 32 of scanout 0, hotspot 5, 6, 0 bytes differ',
    );
    expect(cursor.describe(new Uint8Array(0))).toMatch('16384 bytes differ');
    all(update, moved);
    expect(cursor.describe(pixels)).toBe('moved at 7, 8 of scanout 0');
    all(hidden, scanout);
    expect(cursor.describe(pixels)).toBe('hidden at 9, 10 of scanout 0');
  },
);
