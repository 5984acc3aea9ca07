/**
 * bochs-display as data: Bochs' DISPI registers behind a PCI BAR, as QEMU 11.1 has them
 * (docs/specs/standard-vga.rst, hw/display/bochs-display.c).
 */
import { bit, field, registerMap } from './register.ts';

export const bochsIds = {
  vendor: 0x1234,
  device: 0x1111,
  revision: 2,
  classCode: 0x038000,
} as const;

export const bochsBars = {
  /** Prefetchable; nothing but memory. */
  FRAMEBUFFER: { index: 0, size: 16 << 20 },
  REGISTERS: { index: 2, size: 4096 },
} as const;

/** Where the PCI Express capability stands in configuration space. */
export const BOCHS_PCIE_OFFSET = 0x80;

/** The parts of BAR2. Between them reads give all ones and writes do nothing. */
export const bochsWindow = { edid: 0x000, dispi: 0x500, extended: 0x600 } as const;

export const DISPI_ID5 = 0xb0c5;
/** The smallest width and height that are shown, in pixels. */
export const BOCHS_MIN_SIZE = 64;

export const dispiRegisters = registerMap('DISPI', 0x16, 'Offset 0x500 of BAR2.', {
  ID: {
    offset: 0x00,
    width: 2,
    access: 'RO',
    reset: DISPI_ID5,
    doc: 'Version 5 of the interface.',
  },
  XRES: {
    offset: 0x02,
    width: 2,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Visible width in pixels.',
  },
  YRES: {
    offset: 0x04,
    width: 2,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Visible height in pixels.',
  },
  BPP: {
    offset: 0x06,
    width: 2,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Bits per pixel: 32, or 16.',
  },
  ENABLE: {
    offset: 0x08,
    width: 2,
    access: 'RW',
    reset: 0,
    bits: {
      ENABLED: bit(0, 'The framebuffer is shown.'),
      GET_CAPABILITIES: bit(1, 'Kept, without effect.'),
      SPARE_LOW: field(2, 3, 'Kept, without effect.'),
      DAC_8BIT: bit(5, 'Kept, without effect.'),
      LINEAR: bit(6, 'Kept, without effect: the framebuffer is always linear.'),
      NO_CLEAR: bit(7, 'Kept, without effect: memory is never cleared.'),
      SPARE_HIGH: field(8, 8, 'Kept, without effect.'),
    },
    sensitive: 'control',
    doc: 'Turns the screen on.',
  },
  BANK: { offset: 0x0a, width: 2, access: 'RW', reset: 0, doc: 'Kept, without effect.' },
  VIRT_WIDTH: {
    offset: 0x0c,
    width: 2,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Pixels from row to row; XRES where it is less than that.',
  },
  VIRT_HEIGHT: { offset: 0x0e, width: 2, access: 'RW', reset: 0, doc: 'Kept, without effect.' },
  X_OFFSET: {
    offset: 0x10,
    width: 2,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'First visible column.',
  },
  Y_OFFSET: {
    offset: 0x12,
    width: 2,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'First visible row.',
  },
  VIDEO_MEMORY: {
    offset: 0x14,
    width: 2,
    access: 'RO',
    reset: bochsBars.FRAMEBUFFER.size >>> 16,
    sensitive: 'behaviour',
    doc: 'Size of the framebuffer in units of 64 KiB.',
  },
});

/** Values of ENDIANNESS; a write of another is ignored. */
export const bochsEndianness = { LITTLE: 0x1e1e1e1e, BIG: 0xbebebebe } as const;

export const bochsExtended = registerMap('QEMU extended', 0x08, 'Offset 0x600 of BAR2.', {
  SIZE: {
    offset: 0x00,
    width: 4,
    access: 'RO',
    reset: 8,
    doc: 'Size of these registers in bytes.',
  },
  ENDIANNESS: {
    offset: 0x04,
    width: 4,
    access: 'RW',
    reset: bochsEndianness.LITTLE,
    sensitive: 'control',
    doc: 'Byte order of a pixel: 0x1e1e1e1e little-endian, 0xbebebebe big-endian.',
  },
});
