import type { Display } from '@doorbell/abi';
import { Violation } from '@doorbell/wire';
import { expect, test } from 'vitest';
import { HeldFrames } from '../../src/pv/held-frames.ts';

/** Frames of one pixel, whose first byte tells them apart. */
function held(): { frames: HeldFrames; flip: (mark: number) => void; shown: number[] } {
  const shown: number[] = [];
  const monitor: Display = { flip: (pixels) => shown.push(pixels[0]) };
  const frames = new HeldFrames(monitor);
  return { frames, flip: (mark) => frames.flip(Uint8Array.of(mark, 0, 0, 255), 1, 1, 4), shown };
}

test('a frame is shown when its flush is over, one for each flush', () => {
  const { frames, flip, shown } = held();
  flip(1);
  flip(2);
  expect(shown).toEqual([]);
  frames.show();
  expect(shown).toEqual([1]);
  frames.show();
  expect(shown).toEqual([1, 2]);
});

test('a frame that comes later than the end of its flush is shown when it comes', () => {
  const { frames, flip, shown } = held();
  frames.show();
  flip(1);
  flip(2);
  expect(shown).toEqual([1]);
});

test.each([
  ['frames', 64, 4],
  ['bytes', 4, 64 << 20],
])('a device that shows without end is a violation: too many %s', (_, most, bytes) => {
  const monitor: Display = { flip: () => {} };
  const frames = new HeldFrames(monitor);
  const pixels = new Uint8Array(bytes);
  for (let round = 0; round < 3; round++) {
    frames.flip(pixels, 1, 1, bytes);
    frames.show();
  }
  for (let held = 0; held < most; held++) {
    frames.flip(pixels, 1, 1, bytes);
  }
  expect(() => {
    frames.flip(pixels, 1, 1, bytes);
  }).toThrow(Violation);
});

test('what a lost device did not see through is never shown', () => {
  const { frames, flip, shown } = held();
  flip(1);
  frames.drop();
  flip(2);
  frames.show();
  expect(shown).toEqual([2]);
  frames.show();
  frames.drop();
  flip(3);
  expect(shown).toEqual([2]);
});
