/** Where a model stands, how it is lit, and where it and its shadow are in the window. */
import { MAX_SURFACE, VERTEX_BYTES } from '@doorbell/abi';
import { type Matrix, normalized, type Vector } from '../math.ts';
import type { Mesh } from '../mesh.ts';
import { type Camera, fitCamera, rectOf } from './camera.ts';
import type { Rect } from './surface.ts';
import { outline, type Sweep, sweepOf } from './sweep.ts';

/** Towards the light. */
export const LIGHT: Vector = normalized([-0.58, 0.88, 0.52]);

/** The most of the GPU's memory that a model drawn at twice its size may take, with all else. */
const MOST_BYTES = 200 << 20;
/** Pixels around the model, for its smooth edge, and around its shadow, which is blurred. */
const MODEL_MARGIN = 2;
const SHADOW_MARGIN = 32;

export interface Stage {
  readonly window: Rect;
  readonly camera: Camera;
  readonly sweep: Sweep;
  /** Where the model is in the window as it turns, and where its shadow is. */
  readonly model: Rect;
  readonly shadow: Rect;
  /** How many pixels of the model's picture make one of the window, across and down. */
  readonly scale: 1 | 2;
}

/** For a centred mesh. */
export function setStage(mesh: Mesh, width: number, height: number): Stage {
  const window = { x: 0, y: 0, width, height };
  const sweep = sweepOf(mesh.positions);
  const points = outline(sweep);
  const camera = fitCamera(points, window);
  const model = rectOf(points, camera, window, MODEL_MARGIN);
  const thrown = points.map((point) => onFloor(point, sweep));
  const shadow = rectOf(thrown, camera, window, SHADOW_MARGIN);
  const scale = doubleFits(mesh, window, model) ? 2 : 1;
  return { window, camera, sweep, model, shadow, scale };
}

/** Two images of the window and its backdrop, the mesh, and the model's colour and depth. */
function doubleFits(mesh: Mesh, window: Rect, model: Rect): boolean {
  const pictures = 3 * 4 * window.width * window.height;
  const triangles = (mesh.positions.length / 3) * VERTEX_BYTES + mesh.indices.byteLength;
  const doubled = 2 * 4 * (2 * model.width) * (2 * model.height);
  const side = 2 * Math.max(model.width, model.height);
  return pictures + triangles + doubled <= MOST_BYTES && side <= MAX_SURFACE;
}

/** Where the light throws a point's shadow. */
function onFloor([x, y, z]: Vector, { half }: Sweep): Vector {
  const above = (y + half) / LIGHT[1];
  return [x - LIGHT[0] * above, -half, z - LIGHT[2] * above];
}

/** The same as a matrix. */
export function flattening({ half }: Sweep): Matrix {
  const across = -LIGHT[0] / LIGHT[1];
  const along = -LIGHT[2] / LIGHT[1];
  return [1, 0, 0, 0, across, 0, along, 0, 0, 0, 1, 0, across * half, -half, along * half, 1];
}
