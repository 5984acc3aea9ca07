/** The 3D engine, beside a fill of as many pixels: as fast as memory lets pixels be written. */
import { drawFlags, VERTEX_BYTES } from '@doorbell/abi';
import { Renderer, type DrawCall, type Surface } from '@doorbell/device-model';
import type { Benchmark, Work } from './benchmark.ts';

const WIDTH = 640;
const HEIGHT = 480;
/** Half of a square of 10 × 10 pixels: a triangle of 50. */
const SMALL = 10;

function surface(): Surface {
  return {
    words: new Uint32Array(WIDTH * HEIGHT).fill(0xffffff),
    base: 0,
    stride: WIDTH,
    width: WIDTH,
    height: HEIGHT,
  };
}

/** The target cut into squares of `side` pixels at most, two triangles each, with a colour at each corner. */
function squares(side: number): DrawCall {
  const columns = Math.ceil(WIDTH / side);
  const rows = Math.ceil(HEIGHT / side);
  const corners = (columns + 1) * (rows + 1);
  const buffer = new ArrayBuffer(corners * VERTEX_BYTES);
  const floats = new Float32Array(buffer);
  const words = new Uint32Array(buffer);
  for (let corner = 0; corner < corners; corner++) {
    const x = Math.min((corner % (columns + 1)) * side, WIDTH);
    const y = Math.min(Math.floor(corner / (columns + 1)) * side, HEIGHT);
    const at = (corner * VERTEX_BYTES) / 4;
    floats.set([(2 * x) / WIDTH - 1, (2 * y) / HEIGHT - 1, 0.5, 0, 0, 1, 0, 0], at);
    words[at + 8] = (0xff000000 | (corner * 0x12345)) >>> 0;
  }
  const indices: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const corner = row * (columns + 1) + column;
      const below = corner + columns + 1;
      indices.push(corner, below, corner + 1, corner + 1, below, below + 1);
    }
  }
  return {
    floats,
    words,
    base: 0,
    vertexCount: corners,
    indices: Uint32Array.from(indices),
    indexBase: 0,
    indexCount: indices.length,
    flags: drawFlags.DEPTH_TEST | drawFlags.DEPTH_WRITE,
  };
}

const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** Draws the whole target; the depth test passes each time, as the depths are far again. */
function draws(call: DrawCall, units: number): Work {
  const renderer = new Renderer({ vertex: 0, triangle: 0, pixel: 0 });
  const depth = surface();
  renderer.setTarget(surface(), depth);
  renderer.setViewport(0, 0, WIDTH, HEIGHT);
  renderer.setScissor(0, 0, WIDTH, HEIGHT);
  renderer.setTexture(undefined, 0);
  renderer.setTransform(identity, 0, 0, 1, 0.5);
  return {
    units,
    run: () => {
      depth.words.fill(0xffffff);
      const { pixels } = renderer.draw(call, Infinity);
      if (pixels !== WIDTH * HEIGHT) {
        throw new Error(`The engine drew ${pixels} of ${WIDTH * HEIGHT} pixels.`);
      }
      return pixels;
    },
  };
}

function fills(units: number): Work {
  const { words } = surface();
  let value = 0;
  return { units, run: () => words.fill(++value) };
}

export const engineBenchmarks: readonly Benchmark[] = [
  {
    name: 'engine.pixels',
    unit: 'pixel/s',
    against: 'Uint32Array.fill',
    prepare: () => ({
      work: draws(squares(WIDTH), WIDTH * HEIGHT),
      reference: fills(WIDTH * HEIGHT),
    }),
  },
  {
    name: 'engine.triangles',
    unit: 'triangle/s',
    against: 'a fill of as many pixels',
    prepare: () => {
      const call = squares(SMALL);
      const triangles = call.indexCount / 3;
      return { work: draws(call, triangles), reference: fills(triangles) };
    },
  },
];
