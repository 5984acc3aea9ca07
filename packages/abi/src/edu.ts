/**
 * edu, QEMU's teaching device, as data (docs/specs/edu.rst). Where the page is silent, this follows
 * what the device does (hw/misc/edu.c, QEMU 11.1).
 */
import { bit, field, registerMap } from './register.ts';

export const eduIds = {
  vendor: 0x1234,
  device: 0x11e8,
  revision: 0x10,
  classCode: 0x00ff00,
} as const;

export const eduBars = { REGISTERS: { index: 0, size: 1 << 20 } } as const;

/** Where the MSI capability stands in configuration space. */
export const EDU_MSI_OFFSET = 0x40;

/** The device's memory, by the address that DMA registers name it with. Only DMA reaches it. */
export const eduBuffer = { address: 0x40000, bytes: 4096 } as const;

/** Bus addresses have 28 bits; the device drops the others. */
export const EDU_DMA_MASK = 2 ** 28 - 1;

/** How long things take, in nanoseconds. QEMU computes in a thread of its own, in no stated time. */
export const eduDurations = { FACTORIAL: 10_000, DMA: 100_000_000 } as const;

/** Bits of INTERRUPT_STATUS that the device itself raises; a driver may raise any. */
export const eduInterrupts = { FACTORIAL: 0x001, DMA: 0x100 } as const;

export const eduRegisters = registerMap('edu', 0xa0, 'The start of BAR0.', {
  ID: {
    offset: 0x00,
    width: 4,
    access: 'RO',
    reset: 0x010000ed,
    doc: 'Major version in bits 31:24, minor version in bits 23:16, and 0xed.',
  },
  LIVENESS: {
    offset: 0x04,
    width: 4,
    access: 'RW',
    reset: 0,
    doc: 'Reads the complement of what was written.',
  },
  FACTORIAL: {
    offset: 0x08,
    width: 4,
    access: 'RW',
    reset: 0,
    doc: 'A write of n starts the computation of n! modulo 2^32, which is read here once STATUS.COMPUTING is 0; a write before that is ignored.',
  },
  STATUS: {
    offset: 0x20,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: {
      COMPUTING: bit(0, 'A factorial is being computed.', 'RO'),
      INTERRUPT: bit(7, 'Interrupt 0x001 is raised when the factorial is done.'),
    },
    doc: 'What the device does now.',
  },
  INTERRUPT_STATUS: {
    offset: 0x24,
    width: 4,
    access: 'RO',
    reset: 0,
    doc: 'Interrupts that were raised and not acknowledged: 0x001 factorial, 0x100 DMA, and what a driver raised itself.',
  },
  INTERRUPT_RAISE: {
    offset: 0x60,
    width: 4,
    access: 'WO',
    reset: 0,
    doc: 'The bits written are raised.',
  },
  INTERRUPT_ACKNOWLEDGE: {
    offset: 0x64,
    width: 4,
    access: 'WO',
    reset: 0,
    doc: 'The bits written are cleared from INTERRUPT_STATUS.',
  },
  DMA_SOURCE: {
    offset: 0x80,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Where the bytes come from; ignores writes while a transfer runs.',
  },
  DMA_DESTINATION: {
    offset: 0x88,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Where the bytes go; ignores writes while a transfer runs.',
  },
  DMA_COUNT: {
    offset: 0x90,
    width: 4,
    access: 'RW',
    reset: 0,
    doc: 'How many bytes; ignores writes while a transfer runs.',
  },
  DMA_COMMAND: {
    offset: 0x98,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: {
      RUN: bit(0, 'Starts a transfer and stays 1 until it is over. A write without it is ignored.'),
      FROM_DEVICE: bit(1, '0: from RAM to the buffer; 1: from the buffer to RAM.'),
      INTERRUPT: bit(2, 'Interrupt 0x100 is raised when the transfer is over.'),
      SPARE: field(3, 29, 'Kept, without effect.'),
    },
    sensitive: 'control',
    doc: 'Starts a transfer; ignores writes while one runs.',
  },
});
