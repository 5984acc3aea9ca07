import { expect, it } from 'vitest';
import {
  bochsBars,
  bochsEndianness,
  bochsExtended,
  bochsIds,
  bochsWindow,
  dispiRegisters,
} from '../src/bochs.ts';

// All values are those of QEMU's docs/specs/standard-vga.rst and of Linux's bochs driver.

it('is 1234:1111, a display controller that is not VGA', () => {
  expect(bochsIds).toEqual({ vendor: 0x1234, device: 0x1111, revision: 2, classCode: 0x038000 });
  expect(bochsBars.FRAMEBUFFER).toEqual({ index: 0, size: 16 * 1024 * 1024 });
  expect(bochsBars.REGISTERS).toEqual({ index: 2, size: 4096 });
});

it('has register n of Bochs at offset 0x500 + 2n of BAR2', () => {
  expect(bochsWindow).toEqual({ edid: 0, dispi: 0x500, extended: 0x600 });
  expect(dispiRegisters.names.map((name) => [dispiRegisters.rows[name].offset / 2, name])).toEqual([
    [0, 'ID'],
    [1, 'XRES'],
    [2, 'YRES'],
    [3, 'BPP'],
    [4, 'ENABLE'],
    [5, 'BANK'],
    [6, 'VIRT_WIDTH'],
    [7, 'VIRT_HEIGHT'],
    [8, 'X_OFFSET'],
    [9, 'Y_OFFSET'],
    [10, 'VIDEO_MEMORY'],
  ]);
});

it('says which version it is, and that it has 16 MiB', () => {
  expect(dispiRegisters.rows.ID.reset).toBe(0xb0c5);
  expect(dispiRegisters.rows.VIDEO_MEMORY.reset * 64 * 1024).toBe(16 * 1024 * 1024);
  expect(dispiRegisters.rows.ENABLE.bits.ENABLED.mask).toBe(0x01);
  expect(dispiRegisters.rows.ENABLE.bits.LINEAR.mask).toBe(0x40);
});

it('starts little-endian', () => {
  expect(bochsExtended.rows.ENDIANNESS).toMatchObject({ offset: 4, width: 4, reset: 0x1e1e1e1e });
  expect(bochsExtended.rows.SIZE).toMatchObject({ offset: 0, width: 4, reset: 8 });
  expect(bochsEndianness.BIG).toBe(0xbebebebe);
});
