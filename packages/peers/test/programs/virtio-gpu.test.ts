import type { Picture } from '@doorbell/guest-driver';
import { expect, test } from 'vitest';
import { virtioGpu } from '../../src/programs/virtio-gpu.ts';
import { runPeer } from '../../src/run.ts';
import { describeWith } from '../needs.ts';

/** Every pixel of every frame has a colour of its own, nearly. */
function frame(width: number, height: number, number: number): Picture {
  const pixels = new Uint8Array(width * height * 4);
  new Uint32Array(pixels.buffer).forEach((_, at, words) => {
    words[at] = Math.imul(at + number * 7919, 0x9e37_79b1);
  });
  return { width, height, pixels };
}

const frames = (scene: string, width: number, height: number): Promise<readonly Picture[]> =>
  Promise.resolve(
    Array.from({ length: scene === 'image' ? 1 : 4 }, (_, at) => frame(width, height, at)),
  );
const openBackend = (): never => {
  throw new Error('It needs no backend of ours.');
};

describeWith(['qemu'], 'pv-frontend on the virtio-gpu of QEMU', () => {
  test('it negotiates, draws every frame in every way, and lets go of the device', async () => {
    const result = await runPeer(virtioGpu, {}, { frames, openBackend });
    const failed = result.checks.filter(({ passed }) => !passed);
    expect([result.why, failed]).toEqual(['', []]);
    expect(result.status).toBe('passed');
    const shown = result.checks.filter(({ name }) => name.includes("on QEMU's screen"));
    expect(shown).toHaveLength(1 + 4 * 8);
  }, 60_000);

  test('it fails when what is on the screen is not what was drawn', async () => {
    // What is drawn is read once, and then what is expected.
    const wrong = async (scene: string, width: number, height: number) => {
      const drawn = await frames(scene, width, height);
      return drawn.map((picture) => {
        let reads = 0;
        return {
          width,
          height,
          get pixels() {
            return reads++ === 0 ? picture.pixels : new Uint8Array(picture.pixels.length);
          },
        };
      });
    };
    const result = await runPeer(virtioGpu, {}, { frames: wrong, openBackend });
    expect(result.status).toBe('failed');
    expect(result.why).toContain('image 1');
  }, 60_000);
});
