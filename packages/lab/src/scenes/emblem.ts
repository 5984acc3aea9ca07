/** The picture of the image scene, where the user gives none: a doorbell's button. */
import { sqrt } from '../math.ts';
import type { Picture } from '../picture.ts';

type Color = readonly [number, number, number, number];

/** From the middle outwards: at each radius, the colour that is reached there. */
const rings: readonly (readonly [number, Color])[] = [
  [0, [255, 252, 240, 255]],
  [0.3, [255, 226, 160, 255]],
  [0.4, [240, 176, 72, 255]],
  [0.43, [70, 48, 28, 255]],
  [0.5, [52, 38, 26, 255]],
  [0.53, [214, 178, 104, 255]],
  [0.66, [255, 236, 180, 255]],
  [0.8, [176, 130, 62, 255]],
  [0.84, [120, 84, 40, 255]],
  [0.87, [10, 12, 20, 110]],
  [1, [10, 12, 20, 0]],
];

export function emblem(size: number): Picture {
  const pixels = new Uint8Array(size * size * 4);
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++, at += 4) {
      const across = (2 * x + 1) / size - 1;
      const down = (2 * y + 1) / size - 1;
      const color = colorAt(sqrt(across * across + down * down));
      // The light comes from above.
      const light = 1 - 0.22 * down;
      for (let channel = 0; channel < 3; channel++) {
        pixels[at + channel] = Math.max(0, Math.min(255, Math.round(color[channel] * light)));
      }
      pixels[at + 3] = Math.round(color[3]);
    }
  }
  return { width: size, height: size, pixels };
}

function colorAt(radius: number): Color {
  const next = rings.findIndex(([ring]) => ring > radius);
  if (next < 0) {
    return [0, 0, 0, 0];
  }
  const [low, from] = rings[next - 1];
  const [high, to] = rings[next];
  const t = (radius - low) / (high - low);
  const mix = (channel: number): number => from[channel] + (to[channel] - from[channel]) * t;
  return [mix(0), mix(1), mix(2), mix(3)];
}
