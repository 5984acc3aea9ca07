import { beforeEach, describe, expect, it } from 'vitest';
import { Rig } from './rig.ts';

/* Offsets are the datasheet's. VRAM has 1024 pages here. */
const CONTROL = 0x100;
const SIZE = 0x104;
const STRIDE = 0x108;
const PAGE = 0x10c;
const FLIP = 0x110;
const FRAMES = 0x114;

let rig: Rig;
const describeScreen = (width: number, height: number, stride: number, page: number): void => {
  rig.write(SIZE, ((height << 16) | width) >>> 0);
  rig.write(STRIDE, stride);
  rig.write(PAGE, page);
};

beforeEach(() => {
  rig = new Rig();
  rig.write(CONTROL, 1);
});

describe('a flip', () => {
  it('shows what the registers describe, and is counted and traced', () => {
    rig.setVram(0x5000, 0x01020304);
    rig.setVram(0x5040, 0x0a0b0c0d);
    describeScreen(2, 2, 64, 5);
    rig.write(FLIP, 1);
    const [{ pixels, width, height, stride }] = rig.host.flips;
    expect([width, height, stride, pixels.length]).toEqual([2, 2, 64, 72]);
    expect([...pixels.subarray(0, 4), ...pixels.subarray(64, 68)]).toEqual([
      ...[4, 3, 2, 1],
      ...[13, 12, 11, 10],
    ]);
    expect([rig.read(FRAMES), rig.bell.counts.flips]).toEqual([1, 1]);
    expect(rig.host.traced('flip')).toEqual([[1, 5]]);
  });

  it('may show the last bytes of VRAM', () => {
    describeScreen(1024, 1, 4096, 1023);
    rig.write(FLIP, 1);
    expect(rig.read(FRAMES)).toBe(1);
  });

  it.each([
    ['reaches beyond VRAM', 1024, 2, 4096, 1023],
    ['begins beyond VRAM', 1, 1, 4, 1024],
    ['is far beyond VRAM', 1, 1, 4, 0xffffffff],
    ['has a stride that reaches beyond VRAM', 1, 3, 0xffffffff, 0],
    ['has no width', 0, 4, 64, 0],
    ['has no height', 4, 0, 64, 0],
    ['is wider than 4096', 4097, 1, 16388, 0],
    ['is higher than 4096', 1, 4097, 4, 0],
    ['has rows that overlap', 4, 2, 12, 0],
  ])('is ignored while the screen %s', (_name, width, height, stride, page) => {
    describeScreen(width, height, stride, page);
    rig.write(FLIP, 1);
    expect([rig.host.flips.length, rig.read(FRAMES)]).toEqual([0, 0]);
  });

  it('is ignored while the screen is off, and needs its bit', () => {
    describeScreen(2, 2, 64, 5);
    rig.write(FLIP, 2);
    rig.write(CONTROL, 0);
    rig.write(FLIP, 1);
    expect(rig.host.flips).toEqual([]);
  });
});
