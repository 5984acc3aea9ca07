import { beforeEach, describe, expect, it } from 'vitest';
import {
  copy,
  DATA,
  DATA_VRAM,
  fence,
  nop,
  reg,
  Rig,
  RING,
  state,
  SYSTEM,
  SYSTEM_RAM,
} from './rig.ts';

const VERTICES = DATA + 0x80000;
const INDICES = DATA + 0x90000;
const TEXTURE = DATA + 0xa0000;
const SCATTERED = 0x60000;
const RED = 0xff0000ff;
const GREEN = 0xff00ff00;

const bits = (value: number): number => {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0);
};
const vertex = (x: number, y: number, z: number, color: number, u = 0, v = 0): number[] => [
  ...[x, y, z, 0, 0, 1, u, v].map(bits),
  color,
];
/** Two triangles over the whole viewport, the second clockwise on the screen. */
const square = (z: number, color: number): number[] =>
  [
    vertex(-1, -1, z, color, 0, 0),
    vertex(-1, 1, z, color, 0, 1),
    vertex(1, 1, z, color, 1, 1),
    vertex(1, -1, z, color, 1, 0),
  ].flat();

const setTarget = (color: number, depth: number, size: number, stride = size * 4): number[] => [
  ...[0x00070020, color, stride, depth, stride, size, size],
];
const setViewport = (size: number): number[] => [0x00050021, 0, 0, bits(size), bits(size)];
const setScissor = (x: number, y: number, w: number, h: number): number[] => [
  ...[0x00050022, x, y, w, h],
];
const setTexture = (at: number, width: number, height: number): number[] => [
  ...[0x00060023, at, width * 4, width, height, 0],
];
/** The identity, unlit. */
const identity = (): number[] => [
  0x00150024,
  ...[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1].map(bits),
];
const draw = (flags = 0, indexCount = 6): number[] => [
  ...[0x00060025, VERTICES, 8, INDICES, indexCount, flags],
];
const setUp = (color: number, depth = 0, size = 8): number[][] => [
  setTarget(color, depth, size),
  setViewport(size),
  setScissor(0, 0, size, size),
  identity(),
];

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  rig.start(0);
  rig.setVram(VERTICES - DATA + DATA_VRAM, ...square(0.5, RED), ...square(0.25, GREEN));
  rig.setVram(INDICES - DATA + DATA_VRAM, 0, 1, 2, 0, 2, 3);
  for (let page = 0; page < 4; page++) {
    rig.map(0, SCATTERED + page * 0x1000, DATA_VRAM + 0xf0000 - page * 0x2000, 1, 3);
  }
});

function run(...packets: number[][]): void {
  rig.submit(0, ...packets);
  rig.host.settle();
  expect(rig.fault(0)).toEqual([0, 0, 0, 0]);
}

const pixels = (at: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => rig.vram(at - DATA + DATA_VRAM + index * 4));

describe('a draw', () => {
  it('colours the pixels of its triangles and counts what it did', () => {
    run(...setUp(DATA), draw());
    expect(pixels(DATA, 65)).toEqual([...new Array<number>(64).fill(RED), 0]);
    expect(rig.bell.counts).toMatchObject({ vertices: 4, triangles: 2, pixels: 64 });
    // Four setters and a draw of 100 ns each, 4 vertices, 2 triangles, 64 pixels, and 16 rows
    // that take 4 pixels' time each.
    expect(rig.bell.counts.busyNs.render).toBe(500 + 4 + 2 + 64 + 16 * 4);
  });

  it('goes to RAM and to frames that lie apart just as well', () => {
    run(...setUp(SYSTEM + 0xff0), draw());
    expect(rig.ram(SYSTEM_RAM + 0xff0)).toBe(RED);
    expect(rig.ram(SYSTEM_RAM + 0xff0 + 252)).toBe(RED);
    expect(rig.ram(SYSTEM_RAM + 0xff0 + 256)).toBe(0);
    run(...setUp(SCATTERED + 0xf80), draw());
    run(copy(DATA, SCATTERED + 0xf80, 256));
    expect(pixels(DATA, 64)).toEqual(new Array<number>(64).fill(RED));
  });

  it('takes vertices and indices from RAM', () => {
    const vram = rig.bell.barMemory(2)?.bytes ?? new Uint8Array();
    const from = VERTICES - DATA + DATA_VRAM;
    rig.host.ram.set(vram.subarray(from, from + 0x20000), SYSTEM_RAM);
    rig.map(0, SYSTEM, SYSTEM_RAM, 32, 7);
    run(...setUp(DATA), [0x00060025, SYSTEM, 8, SYSTEM + 0x10000, 6, 0]);
    expect(pixels(DATA, 2)).toEqual([RED, RED]);
  });

  it('keeps to the scissor and to the stride', () => {
    run(setTarget(DATA, 0, 4, 32), setViewport(4), setScissor(1, 1, 2, 1), identity(), draw());
    const row = [0, RED, RED, 0, 0, 0, 0, 0];
    expect(pixels(DATA, 24)).toEqual([
      ...new Array<number>(8).fill(0),
      ...row,
      ...row.map(() => 0),
    ]);
  });

  it('tests and writes depth, 0 near and 0xffffff far', () => {
    const depth = DATA + 0x1000;
    run([0x00060010, depth, 256, 64, 1, 0xffffff]);
    run(...setUp(DATA, depth), draw(6));
    expect(pixels(depth, 1)).toEqual([0x800000]);
    rig.setVram(INDICES - DATA + DATA_VRAM, 4, 5, 6);
    run(draw(6, 3));
    const after = new Set(pixels(DATA, 64));
    expect(after).toEqual(new Set([RED, GREEN]));
    rig.setVram(INDICES - DATA + DATA_VRAM, 0, 1, 2);
    run(draw(6, 3));
    expect(new Set(pixels(DATA, 64))).toEqual(after);
  });

  it('does not look at a depth buffer that it does not use', () => {
    run(...setUp(DATA, 0x80000), draw(1));
    expect(rig.bell.counts.pixels).toBeGreaterThan(0);
  });

  it('multiplies texels in', () => {
    rig.setVram(TEXTURE - DATA + DATA_VRAM, 0xffffffff, 0, 0, 0xffffffff);
    run(...setUp(DATA, 0, 2), setTexture(TEXTURE, 2, 2), draw());
    expect(pixels(DATA, 4)).toEqual([RED, 0, 0, RED]);
    run(setTexture(0, 0, 0), draw());
    expect(pixels(DATA, 4)).toEqual([RED, RED, RED, RED]);
  });

  it('ignores a remainder of one or two indices', () => {
    run(...setUp(DATA), draw(0, 5));
    expect(rig.bell.counts.triangles).toBe(1);
  });

  it('leaves what it drew before a bad index, and a checkpoint has it', () => {
    const before = rig.bell.save();
    rig.setVram(INDICES - DATA + DATA_VRAM, 0, 1, 2, 0, 2, 8);
    rig.submit(0, ...setUp(DATA), draw());
    rig.host.settle();
    expect(rig.fault(0)).toEqual([10, 0x25, 8, RING + 4 * (7 + 5 + 5 + 21)]);
    expect(rig.vram(DATA_VRAM + 4 * 56)).toBe(RED);
    const after = rig.bell.save();
    rig.bell.load(before);
    rig.bell.load(after);
    expect(rig.vram(DATA_VRAM + 4 * 56)).toBe(RED);
  });

  it('faults before it touches anything when a page is missing', () => {
    rig.submit(0, ...setUp(DATA), setTexture(0x80000, 2, 2), draw());
    rig.host.settle();
    expect(rig.fault(0).slice(0, 3)).toEqual([1, 0x25, 0x80000]);
    expect(rig.vram(DATA_VRAM + 4 * 56)).toBe(0);
  });

  it('needs a target since the reset of its channel', () => {
    run(...setUp(DATA));
    rig.reset(0);
    rig.start(0);
    rig.submit(0, draw());
    expect(rig.fault(0)).toEqual([7, 0x25, 0, RING]);
  });

  it('that would take too long is stopped, however many indices it has', () => {
    rig.write(0x028, 1);
    rig.setVram(INDICES - DATA + DATA_VRAM, ...new Array<number[]>(1000).fill([0, 1, 2]).flat());
    rig.submit(0, ...setUp(DATA, 0, 32), draw(0, 3000));
    rig.host.settle();
    expect(rig.state(0)).toBe(state.HUNG);
    expect(rig.bell.counts.pixels).toBeLessThan(2000);
  });

  it('is stopped by a free engine, too', () => {
    const free = new Rig(
      {},
      {
        ...{ packet: 0, fillByte: 0, copyByte: 0, blitPixel: 0 },
        ...{ vertex: 0, triangle: 0, pixel: 0, tlbMiss: 0 },
      },
    );
    free.start(0);
    free.write(0x028, 1);
    free.setVram(VERTICES - DATA + DATA_VRAM, ...square(0.5, RED));
    const indices = new Array<number[]>(10_000).fill([0, 1, 2]).flat();
    free.bell.barMemory(2)?.words.set(indices, (INDICES - DATA + DATA_VRAM) / 4);
    free.submit(0, ...setUp(DATA, 0, 64), draw(0, indices.length));
    free.host.settle();
    expect(free.state(0)).toBe(state.HUNG);
    // A tenth of a nanosecond for each pixel, and the triangle in which the time was up.
    expect(free.bell.counts.pixels).toBeLessThan(13_000);
  });
});

it('the state of draws belongs to the channel, through any number of context switches', () => {
  rig.start(1);
  rig.setVram(INDICES - DATA + DATA_VRAM, 0, 1, 2, 0, 2, 3);
  const [mine, other] = [DATA, DATA + 0x4000];
  const slice = nop();
  rig.submit(0, setTarget(mine, 0, 8), slice, setViewport(8), slice, setScissor(0, 0, 8, 8), slice);
  rig.submit(1, setTarget(other, 0, 4), setViewport(4), setScissor(0, 0, 4, 4), identity());
  rig.host.settle();
  rig.submit(0, identity());
  rig.submit(1, draw(), fence(1));
  rig.host.settle();
  rig.submit(0, draw(), fence(1));
  rig.host.settle();
  expect([rig.get(0, reg.FENCE), rig.get(1, reg.FENCE)]).toEqual([1, 1]);
  expect(pixels(mine, 65)).toEqual([...new Array<number>(64).fill(RED), 0]);
  expect(pixels(other, 17)).toEqual([...new Array<number>(16).fill(RED), 0]);
  expect(rig.bell.counts.contextSwitches).toBeGreaterThan(2);
});

it('the state of draws is part of a checkpoint', () => {
  run(...setUp(DATA));
  const saved = rig.bell.save();
  rig.write(0x014, 1);
  rig.bell.load(saved);
  run(draw());
  expect(pixels(DATA, 1)).toEqual([RED]);
});
