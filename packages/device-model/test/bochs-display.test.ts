import type { AccessWidth, DeviceHost } from '@doorbell/abi';
import { beforeEach, describe, expect, it } from 'vitest';
import { BochsDisplay } from '../src/bochs-display.ts';

/* Offsets and values are those of QEMU's docs/specs/standard-vga.rst, typed by hand. */
const [XRES, YRES, BPP, ENABLE, VIRT_WIDTH, X_OFFSET, Y_OFFSET] = [1, 2, 3, 4, 6, 8, 9];

const host: DeviceHost = {
  bus: { read: () => false, write: () => false, takeLatency: () => 0 },
  timers: { now: () => 0, arm: () => {}, disarm: () => {} },
  trace: { event: () => 0 },
  display: { flip: () => {} },
  message: () => {},
  line: () => {},
  decodeChanged: () => {},
};

let display: BochsDisplay;
const read = (offset: number, width: AccessWidth): number => display.barRead(2, offset, width);
const write = (offset: number, width: AccessWidth, value: number): void => {
  display.barWrite(2, offset, width, value);
};
const dispi = (index: number, value: number): void => {
  write(0x500 + index * 2, 2, value);
};
const setMode = (width: number, height: number, bits: number): void => {
  dispi(XRES, width);
  dispi(YRES, height);
  dispi(BPP, bits);
  dispi(ENABLE, 0x41);
};

beforeEach(() => {
  display = new BochsDisplay(host);
  display.configWrite(0x04, 2, 2);
});

describe('configuration space', () => {
  it('says what QEMU says', () => {
    expect(display.configRead(0x00, 4)).toBe(0x11111234);
    expect(display.configRead(0x08, 4)).toBe(0x03800002);
    expect(display.configRead(0x2c, 4)).toBe(0x11001af4);
    expect(display.configRead(0x3d, 1)).toBe(0);
    expect(display.configRead(0x34, 1)).toBe(0x80);
    expect(display.configRead(0x80, 1)).toBe(0x10);
  });

  it('has a prefetchable BAR of 16 MiB and one of 4 KiB', () => {
    const sizes = [0x10, 0x14, 0x18, 0x1c, 0x20, 0x24].map((offset) => {
      display.configWrite(offset, 4, 0xffffffff);
      return display.configRead(offset, 4);
    });
    expect(sizes).toEqual([0xff000008, 0, 0xfffff000, 0, 0, 0]);
  });

  it('hands out the framebuffer as memory, and the registers not', () => {
    expect(display.barMemory(0)?.size).toBe(16 << 20);
    expect(display.barMemory(2)).toBeUndefined();
  });
});

describe('BAR2', () => {
  it('tells version and memory in DISPI registers, which cannot be written', () => {
    write(0x500, 2, 0xb0c0);
    write(0x514, 2, 1);
    expect(read(0x500, 2)).toBe(0xb0c5);
    expect(read(0x514, 2)).toBe(256);
  });

  it('keeps what is written to the others', () => {
    for (let index = 1; index < 10; index++) {
      dispi(index, 0xff00 + index);
      expect(read(0x500 + index * 2, 2)).toBe(0xff00 + index);
    }
  });

  it('reaches two DISPI registers with 4 bytes, and one with 1', () => {
    write(0x504, 4, 0x00201234);
    expect(read(0x504, 4)).toBe(0x00201234);
    expect(read(0x506, 2)).toBe(0x20);
    expect(read(0x504, 1)).toBe(0x34);
    expect(read(0x514, 4)).toBe(0xffff0100);
    write(0x505, 1, 0x56);
    expect(read(0x504, 2)).toBe(0x56);
  });

  it('has the extended registers in 4 bytes, and takes no third byte order', () => {
    expect(read(0x600, 4)).toBe(8);
    expect(read(0x604, 4)).toBe(0x1e1e1e1e);
    write(0x604, 4, 0xbebebebe);
    expect(read(0x604, 4)).toBe(0xbebebebe);
    write(0x604, 4, 0x12345678);
    write(0x604, 2, 0x1e1e);
    expect(read(0x604, 4)).toBe(0xbebebebe);
    expect(read(0x604, 2)).toBe(0);
  });

  it('has an EDID that sums to zero, in accesses of any size, and does not take writes', () => {
    const bytes = Array.from({ length: 128 }, (_, at) => read(at, 1));
    expect(bytes.slice(0, 8)).toEqual([0, 255, 255, 255, 255, 255, 255, 0]);
    expect(bytes.reduce((sum, byte) => sum + byte, 0) % 256).toBe(0);
    // The first descriptor: 1024x768, its low bytes and the bits above them.
    expect([bytes[56], bytes[58] >> 4, bytes[59], bytes[61] >> 4]).toEqual([0x00, 4, 0x00, 3]);
    write(0, 1, 7);
    expect(read(0, 4)).toBe(0xffffff00);
    expect(read(4, 2)).toBe(0xffff);
  });

  it('is empty elsewhere', () => {
    for (const offset of [0x80, 0x400, 0x516, 0x608, 0xffc]) {
      write(offset, 2, 0);
      expect(read(offset, 2)).toBe(0xffff);
    }
  });
});

describe('the screen', () => {
  it('is dark until a mode is enabled', () => {
    expect(display.scanout()).toBeUndefined();
    setMode(640, 480, 32);
    expect(display.scanout()).toMatchObject({ width: 640, height: 480 });
    dispi(ENABLE, 0);
    expect(display.scanout()).toBeUndefined();
  });

  it.each([
    ['24 bits per pixel', 640, 480, 24],
    ['8 bits per pixel', 640, 480, 8],
    ['a width below 64', 63, 480, 32],
    ['a height below 64', 640, 63, 32],
    ['more than there is memory', 4096, 1025, 32],
  ])('is dark with %s', (_name, width, height, bits) => {
    setMode(width, height, bits);
    expect(display.scanout()).toBeUndefined();
  });

  it('shows all of memory, and nothing once an offset makes it reach beyond', () => {
    setMode(4096, 1024, 32);
    expect(display.scanout()?.height).toBe(1024);
    dispi(Y_OFFSET, 1);
    expect(display.scanout()).toBeUndefined();
    dispi(Y_OFFSET, 0);
    dispi(X_OFFSET, 1);
    expect(display.scanout()).toBeUndefined();
  });

  const corner = (): number[] => [...(display.scanout()?.pixels.subarray(0, 4) ?? [])];

  it('shows 0x00RRGGBB in either byte order, opaque', () => {
    setMode(64, 64, 32);
    display.barWrite(0, 0, 4, 0x00112233);
    expect(corner()).toEqual([0x11, 0x22, 0x33, 0xff]);
    write(0x604, 4, 0xbebebebe);
    display.barWrite(0, 0, 4, 0x33221100);
    expect(corner()).toEqual([0x11, 0x22, 0x33, 0xff]);
  });

  it.each([
    [0xf800, [255, 0, 0, 255]],
    [0x07e0, [0, 255, 0, 255]],
    [0x001f, [0, 0, 255, 255]],
    [0x8410, [132, 130, 132, 255]],
  ])('shows the 16 bits %i as %j', (pixel, expected) => {
    setMode(64, 64, 16);
    display.barWrite(0, 0, 2, pixel);
    expect(corner()).toEqual(expected);
  });

  it('begins at the offset, with rows as far apart as the virtual width', () => {
    setMode(64, 64, 32);
    dispi(VIRT_WIDTH, 100);
    dispi(X_OFFSET, 3);
    dispi(Y_OFFSET, 2);
    display.barWrite(0, (2 * 100 + 3) * 4, 4, 0x00ff0000);
    display.barWrite(0, (3 * 100 + 4) * 4, 4, 0x0000ff00);
    const pixels = display.scanout()?.pixels ?? new Uint8Array();
    expect([...pixels.subarray(0, 4)]).toEqual([255, 0, 0, 255]);
    expect([...pixels.subarray((64 + 1) * 4, (64 + 2) * 4)]).toEqual([0, 255, 0, 255]);
  });

  it('has rows as far apart as they are wide when the virtual width is less', () => {
    setMode(64, 64, 32);
    dispi(VIRT_WIDTH, 10);
    display.barWrite(0, 64 * 4, 4, 0x000000ff);
    expect([...(display.scanout()?.pixels.subarray(64 * 4, 65 * 4) ?? [])]).toEqual([
      0, 0, 255, 255,
    ]);
  });
});

it('prefers the size that it was made with', () => {
  const small = new BochsDisplay(host, 320, 240);
  small.configWrite(0x04, 2, 2);
  expect([small.barRead(2, 56, 1), small.barRead(2, 59, 1)]).toEqual([0x40, 240]);
  expect(small.barRead(2, 58, 1) >> 4).toBe(1);
});

it('is dark after a function-level reset, and keeps its memory', () => {
  setMode(64, 64, 32);
  display.barWrite(0, 0, 4, 0x00ffffff);
  display.configWrite(0x88, 2, 0x8000);
  display.configWrite(0x04, 2, 2);
  expect(read(0x502, 2)).toBe(0);
  setMode(64, 64, 32);
  expect(display.barRead(0, 0, 4)).toBe(0x00ffffff);
});

it('is again what it was saved as', () => {
  setMode(64, 64, 32);
  display.barWrite(0, 0, 4, 0x00112233);
  const saved = display.save();
  const shown = display.scanout();
  display.barWrite(0, 0, 4, 0);
  write(0x604, 4, 0xbebebebe);
  dispi(ENABLE, 0);
  display.load(saved);
  expect(display.scanout()).toEqual(shown);
});
