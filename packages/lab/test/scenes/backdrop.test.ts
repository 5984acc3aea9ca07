import { describe, expect, it } from 'vitest';
import { backdrop } from '../../src/scenes/backdrop.ts';
import { fitCamera } from '../../src/scenes/camera.ts';
import { outline, sweepOf } from '../../src/scenes/sweep.ts';
import { sphere } from '../meshes.ts';

function picture(width: number, height: number) {
  const sweep = sweepOf(sphere(8).positions);
  const camera = fitCamera(outline(sweep), { width, height });
  return backdrop(camera, sweep, width, height);
}

describe('backdrop', () => {
  it('covers windows of any size with opaque pixels', () => {
    for (const [width, height] of [
      [1, 1],
      [7, 9],
      [64, 48],
      [203, 11],
    ]) {
      const { pixels } = picture(width, height);
      expect(pixels.length).toBe(width * height * 4);
      expect(pixels.every((value, index) => index % 4 !== 3 || value === 255)).toBe(true);
    }
  });

  it('has no edge: neighbours differ by little', () => {
    const { pixels } = picture(320, 240);
    let most = 0;
    for (let at = 0; at < pixels.length - 1280; at++) {
      most = Math.max(most, Math.abs(pixels[at] - pixels[at + 1280]));
    }
    expect(most).toBeLessThan(14);
  });

  it('is darkest at the top, and lighter on the floor than on the wall', () => {
    const { pixels } = picture(320, 240);
    const blue = (x: number, y: number): number => pixels[(y * 320 + x) * 4 + 2];
    expect(blue(160, 2)).toBeLessThan(blue(160, 100));
    expect(blue(10, 100)).toBeLessThan(blue(60, 225));
  });
});
