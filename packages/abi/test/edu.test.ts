import { expect, it } from 'vitest';
import { EDU_DMA_MASK, eduBars, eduBuffer, eduIds, eduRegisters } from '../src/edu.ts';

// All values are those of QEMU's docs/specs/edu.rst.

it('is 1234:11e8, with registers in a BAR of 1 MB', () => {
  expect(eduIds).toEqual({ vendor: 0x1234, device: 0x11e8, revision: 0x10, classCode: 0x00ff00 });
  expect(eduBars.REGISTERS).toEqual({ index: 0, size: 1024 * 1024 });
});

it('has its registers where the specification has them', () => {
  const { rows, names } = eduRegisters;
  expect(
    names.map((name) => `${rows[name].offset.toString(16)} ${name} ${rows[name].access}`),
  ).toEqual([
    '0 ID RO',
    '4 LIVENESS RW',
    '8 FACTORIAL RW',
    '20 STATUS RW',
    '24 INTERRUPT_STATUS RO',
    '60 INTERRUPT_RAISE WO',
    '64 INTERRUPT_ACKNOWLEDGE WO',
    '80 DMA_SOURCE RW',
    '88 DMA_DESTINATION RW',
    '90 DMA_COUNT RW',
    '98 DMA_COMMAND RW',
  ]);
});

it('has the bits of the status and command registers', () => {
  expect(eduRegisters.rows.STATUS.bits.COMPUTING.mask).toBe(0x01);
  expect(eduRegisters.rows.STATUS.bits.INTERRUPT.mask).toBe(0x80);
  expect(eduRegisters.rows.DMA_COMMAND.bits.RUN.mask).toBe(0x01);
  expect(eduRegisters.rows.DMA_COMMAND.bits.FROM_DEVICE.mask).toBe(0x02);
  expect(eduRegisters.rows.DMA_COMMAND.bits.INTERRUPT.mask).toBe(0x04);
});

it('reaches 256 MiB by DMA, and has a buffer of 4096 bytes', () => {
  expect(EDU_DMA_MASK).toBe(0x0fffffff);
  expect(eduBuffer).toEqual({ address: 0x40000, bytes: 4096 });
});
