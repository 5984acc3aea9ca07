import { beforeEach, describe, expect, it } from 'vitest';
import { copy, DATA, DATA_VRAM, fill, Rig, state, SYSTEM, SYSTEM_RAM } from './rig.ts';

/** Virtual pages whose frames lie apart, and backwards, in VRAM. */
const SCATTERED = 0x60000;

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  rig.start(0);
  for (let page = 0; page < 4; page++) {
    rig.map(0, SCATTERED + page * 0x1000, DATA_VRAM + 0xf0000 - page * 0x2000, 1, 3);
  }
});

function run(...packets: number[][]): void {
  rig.submit(0, ...packets);
  rig.host.settle();
  expect(rig.state(0)).toBe(state.IDLE);
}

const vramBytes = (at: number, length: number): number[] => [
  ...(rig.bell.barMemory(2)?.bytes.subarray(at, at + length) ?? []),
];
const ramBytes = (at: number, length: number): number[] => [
  ...rig.host.ram.subarray(at, at + length),
];
const counting = (length: number, from = 1): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (from + index) & 0xff);

describe('fill', () => {
  it('writes a rectangle and leaves what lies between its rows', () => {
    run([0x00060010, DATA, 16, 2, 3, 0xaabbccdd]);
    const words = Array.from({ length: 13 }, (_, index) => rig.vram(DATA_VRAM + index * 4));
    const [x, o] = [0xaabbccdd, 0];
    expect(words).toEqual([x, x, o, o, x, x, o, o, x, x, o, o, o]);
    expect(rig.bell.counts.bytesFilled).toBe(24);
  });

  it('writes rows without gaps', () => {
    run([0x00060010, DATA + 4, 8, 2, 3, 9]);
    expect([0, 4, 24, 28].map((at) => rig.vram(DATA_VRAM + at))).toEqual([0, 9, 9, 0]);
  });

  it('writes RAM by DMA, whole runs at a time', () => {
    run([0x00060010, SYSTEM + 0xff8, 8, 2, 2, 5]);
    expect(
      [0xff4, 0xff8, 0xffc, 0x1000, 0x1004, 0x1008].map((at) => rig.ram(SYSTEM_RAM + at)),
    ).toEqual([0, 5, 5, 5, 5, 0]);
    expect(rig.host.writes).toEqual([
      [SYSTEM_RAM + 0xff8, 8],
      [SYSTEM_RAM + 0x1000, 8],
    ]);
  });

  it('finds its way over frames that lie apart', () => {
    run(fill(SCATTERED + 0xffc, 0x1008, 7));
    expect(rig.vram(DATA_VRAM + 0xf0ffc)).toBe(7);
    expect(rig.vram(DATA_VRAM + 0xee000)).toBe(7);
    expect(rig.vram(DATA_VRAM + 0xeeffc)).toBe(7);
    expect(rig.vram(DATA_VRAM + 0xec000)).toBe(7);
    expect(rig.vram(DATA_VRAM + 0xec004)).toBe(0);
    expect(rig.vram(DATA_VRAM + 0xf1000)).toBe(0);
  });

  it('of nothing touches nothing, wherever that would be', () => {
    run([0x00060010, 0x80000, 0, 0, 7, 1], [0x00060010, 0x80000, 0, 7, 0, 1]);
    expect(rig.bell.counts.bytesFilled).toBe(0);
  });
});

describe('copy', () => {
  beforeEach(() => {
    rig.host.ram.set(counting(64), SYSTEM_RAM + 1);
    rig.bell.barMemory(2)?.bytes.set(counting(64), DATA_VRAM + 1);
  });

  it('moves bytes at any alignment, between VRAM and RAM in all four directions', () => {
    run(
      copy(DATA + 0x103, DATA + 1, 5),
      copy(DATA + 0x203, SYSTEM + 1, 5),
      copy(SYSTEM + 0x303, DATA + 1, 5),
      copy(SYSTEM + 0x403, SYSTEM + 1, 5),
    );
    const expected = [0, 1, 2, 3, 4, 5, 0];
    expect(vramBytes(DATA_VRAM + 0x102, 7)).toEqual(expected);
    expect(vramBytes(DATA_VRAM + 0x202, 7)).toEqual(expected);
    expect(ramBytes(SYSTEM_RAM + 0x302, 7)).toEqual(expected);
    expect(ramBytes(SYSTEM_RAM + 0x402, 7)).toEqual(expected);
    expect(rig.bell.counts.bytesCopied).toBe(20);
  });

  it('moves rows with a stride on each side', () => {
    run([0x00070011, SYSTEM + 0x100, 8, DATA + 1, 3, 2, 3]);
    expect(ramBytes(SYSTEM_RAM + 0x100, 20)).toEqual([
      ...[1, 2, 0, 0, 0, 0, 0, 0],
      ...[4, 5, 0, 0, 0, 0, 0, 0],
      ...[7, 8, 0, 0],
    ]);
  });

  it('is one DMA transfer where bus pages follow one another', () => {
    run(copy(DATA, SYSTEM + 8, 0x8000));
    expect(rig.host.reads).toEqual([[SYSTEM_RAM + 8, 0x8000]]);
  });

  it.each([
    ['VRAM', DATA],
    ['RAM', SYSTEM],
    ['VRAM that lies apart', SCATTERED],
  ])('within a row is as if through a buffer, in %s', (_name, at) => {
    run(copy(at + 0xffa, SYSTEM + 1, 8));
    run(copy(at + 0xffc, at + 0xffa, 8));
    run(copy(SYSTEM + 0x5000, at + 0xffa, 10));
    expect(ramBytes(SYSTEM_RAM + 0x5000, 10)).toEqual([1, 2, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('marks what it writes, so that a checkpoint has it', () => {
    const before = rig.bell.save();
    run(copy(DATA + 0x4000, SYSTEM + 1, 4), copy(DATA + 0x5000, DATA + 1, 4));
    const after = rig.bell.save();
    rig.bell.load(before);
    expect(rig.vram(DATA_VRAM + 0x4000)).toBe(0);
    rig.bell.load(after);
    expect([0x4000, 0x5000].map((at) => rig.vram(DATA_VRAM + at))).toEqual([
      0x04030201, 0x04030201,
    ]);
  });
});

describe('blit', () => {
  it('scales a surface onto another, in VRAM, in RAM and over frames that lie apart', () => {
    rig.setVram(DATA_VRAM, 0xff0000ff, 0xff00ff00);
    for (const to of [DATA + 0x100, SYSTEM, SCATTERED + 0xff8]) {
      run([0x000b0012, to, 16, 4, 1, DATA, 8, 2, 1, 0, 0]);
      run(copy(SYSTEM + 0x800, to, 16));
      expect([0, 4, 8, 12].map((at) => rig.ram(SYSTEM_RAM + 0x800 + at))).toEqual([
        ...[0xff0000ff, 0xff0000ff, 0xff00ff00, 0xff00ff00],
      ]);
    }
    expect(rig.bell.counts.pixelsBlitted).toBe(12);
  });

  it('blends over what is there', () => {
    rig.setVram(DATA_VRAM, 0x000000ff);
    rig.setVram(DATA_VRAM + 0x100, 0xff00ff00);
    run([0x000b0012, DATA + 0x100, 4, 1, 1, DATA, 4, 1, 1, 0, 1]);
    expect(rig.vram(DATA_VRAM + 0x100)).toBe(0xff00ff00);
  });
});

it('what would take longer than WATCHDOG is not begun', () => {
  rig.write(0x028, 1);
  rig.submit(0, fill(DATA, 4096, 1));
  rig.host.settle();
  expect(rig.state(0)).toBe(state.HUNG);
  expect(rig.vram(DATA_VRAM)).toBe(0);
});
