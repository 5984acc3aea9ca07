/** The colours of a model's vertices: what it is made of, tinted by where it faces and what hides it. */
import type { Mesh } from '../mesh.ts';
import { openness } from './occlusion.ts';

/** What a model without colours is made of. */
const CLAY = [255, 216, 180];
const WHITE = [255, 255, 255];
/** Light from above is cool, light that the floor sends back is warm and less. */
const SKY = [1.03, 1.0, 0.96];
const GROUND = [0.6, 0.66, 0.82];
/** What is left of the light where nothing of the sky is seen. */
const SHADE = [0.12, 0.08, 0.12];

/** The model turns about its upright axis, so what depends on a normal's height stays true. */
export function vertexColors(mesh: Mesh, floor: number, textured: boolean): Uint8Array {
  const open = openness(mesh, floor);
  const colors = new Uint8Array(open.length * 4);
  const base = textured ? WHITE : CLAY;
  for (let vertex = 0; vertex < open.length; vertex++) {
    const up = (mesh.normals[3 * vertex + 1] + 1) / 2;
    for (let channel = 0; channel < 3; channel++) {
      const own = mesh.colors?.[4 * vertex + channel] ?? base[channel];
      const tint = GROUND[channel] + (SKY[channel] - GROUND[channel]) * up;
      const shade = SHADE[channel] + (1 - SHADE[channel]) * open[vertex];
      colors[4 * vertex + channel] = Math.max(0, Math.min(255, Math.round(own * tint * shade)));
    }
    colors[4 * vertex + 3] = 255;
  }
  return colors;
}
