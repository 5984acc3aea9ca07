/** docs/reference/edu.md. */
import { EDU_MSI_OFFSET, eduBars, eduBuffer, eduDurations, eduIds, eduRegisters } from '../edu.ts';
import { blocks, hex, list, page, steps } from './markdown.ts';
import { legend, registerTables } from './register-tables.ts';

const intro = blocks(
  `edu is the device that QEMU gives to those who learn to write drivers. It computes factorials and
moves bytes by DMA. This model follows QEMU 11.1: docs/specs/edu.rst, and hw/misc/edu.c where that
page is silent. A driver for one drives the other.`,
  list([
    `Vendor ${hex(eduIds.vendor, 4)}, device ${hex(eduIds.device, 4)}, revision ${hex(eduIds.revision)}, class ${hex(eduIds.classCode, 6)}.`,
    `BAR${eduBars.REGISTERS.index}: ${eduBars.REGISTERS.size >> 20} MiB of registers, 32 bits, not prefetchable.`,
    `Interrupts by INTA or by MSI (capability at ${hex(EDU_MSI_OFFSET)}, one vector, 64-bit address).`,
    'A conventional PCI function: no PCI Express capability, no function-level reset.',
  ]),
);

const access = blocks(
  '## Access',
  `Registers are read and written in 4 bytes. A read of another size gives 0; a write of another
size does nothing. A read of an offset that holds no register, or only a WO one, gives all ones; a
write there does nothing. (QEMU also takes 8 bytes from 0x80 on; the registers there then have 64
bits.)`,
);

const interrupts = blocks(
  '## Interrupts',
  `An interrupt is a bit of INTERRUPT_STATUS. The device raises 0x001 when a factorial is done and
0x100 when a transfer is over, if it was asked to; a write to INTERRUPT_RAISE raises any. With MSI
disabled the line is high while INTERRUPT_STATUS is not 0. With MSI enabled each raise sends one
message. Either way the handler writes what it saw in INTERRUPT_STATUS to INTERRUPT_ACKNOWLEDGE.`,
);

const factorial = blocks(
  '## Computing a factorial',
  steps([
    'Write STATUS: 0x80 for an interrupt, 0 for none.',
    'Write n to FACTORIAL.',
    `Wait for interrupt 0x001, or read STATUS until COMPUTING is 0. This takes ${eduDurations.FACTORIAL / 1e3} µs here, and no stated time in QEMU.`,
    'Read FACTORIAL: n! modulo 2^32. From n = 34 on it is 0.',
  ]),
);

const dma = blocks(
  '## Moving bytes',
  `The device has a buffer of ${eduBuffer.bytes} bytes. Only DMA reaches it. In the DMA registers its
first byte has the address ${hex(eduBuffer.address)}, whatever the BAR's address is.`,
  steps([
    'Map the RAM for DMA. The device has 28 address bits and drops the others, so its bus address must be below 256 MiB.',
    'To the device: write the bus address to DMA_SOURCE and the buffer address to DMA_DESTINATION. From the device: the other way round.',
    'Write the number of bytes to DMA_COUNT.',
    'Write DMA_COMMAND: RUN, with FROM_DEVICE and INTERRUPT as wanted.',
    `Wait for interrupt 0x100, or read DMA_COMMAND until RUN is 0. This takes ${eduDurations.DMA / 1e6} ms.`,
  ]),
  `A transfer that does not lie within the buffer, or that the bus refuses, moves nothing. The
device has no way to say so: RUN becomes 0 and the interrupt comes as after any other transfer.
A driver that must know compares what it got. (So it is in QEMU 11.1, but for what the bus refuses:
peers.md says what becomes of that. With a range that is not within the buffer QEMU 7.2 stops the
whole machine, and with one up to the buffer's very last byte too; 10.0 logs it and then uses it.)`,
);

export function eduPage(): string {
  return page(
    'edu: a device to learn with',
    intro,
    '## Registers',
    legend,
    registerTables(eduRegisters, '###'),
    access,
    interrupts,
    factorial,
    dma,
  );
}
