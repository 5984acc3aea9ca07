/** What a peer's run is handed of the lab: pictures to send, and a backend to serve. */
import { setImmediate } from 'node:timers/promises';
import { remoteBackend, SoftwareRenderer, type Picture } from '@doorbell/lab';
import type { RunPeerOptions } from '@doorbell/peers';
import { hostClock } from '@doorbell/pv-backend/node';
import { findScene } from './scene-input.ts';

/** As many as show that a second frame differs from the first. */
const FRAMES = 4;
const SEED = 1;
const MEMORY_BYTES = 64 << 20;
/** What engines take in virtual time, which nobody asks for here. */
const NO_TIME = {
  ...{ packet: 0, fillByte: 0, copyByte: 0, blitPixel: 0 },
  ...{ vertex: 0, triangle: 0, pixel: 0, tlbMiss: 0 },
};

/** A scene's frames, drawn in software. */
export async function sceneFrames(
  scene: string,
  width: number,
  height: number,
): Promise<readonly Picture[]> {
  const pictures: Picture[] = [];
  const display = {
    flip: (pixels: Uint8Array, across: number, down: number, stride: number) => {
      pictures.push({
        width: across,
        height: down,
        pixels: rows(pixels, across * 4, down, stride),
      });
    },
  };
  const gpu = new SoftwareRenderer({ display, memoryBytes: MEMORY_BYTES, rates: NO_TIME });
  const run = await findScene(scene).setup(gpu, { width, height, frames: FRAMES, seed: SEED });
  for (let frame = 0; frame < FRAMES; frame++) {
    await run.frame(frame);
  }
  await run.close();
  await gpu.close();
  return pictures;
}

/** A copy without what lies between the rows. */
function rows(pixels: Uint8Array, row: number, count: number, stride: number): Uint8Array {
  const copy = new Uint8Array(row * count);
  for (let y = 0; y < count; y++) {
    copy.set(pixels.subarray(y * stride, y * stride + row), y * row);
  }
  return copy;
}

export const surroundings: Pick<RunPeerOptions, 'frames' | 'openBackend'> = {
  frames: sceneFrames,
  openBackend: (size, onError) =>
    remoteBackend({
      ...{ renderer: 'software', clock: hostClock(), onError, ...size },
      breathe: () => setImmediate(),
    }),
};
