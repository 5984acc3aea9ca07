/** docs/reference/bochs-display.md. */
import {
  BOCHS_MIN_SIZE,
  BOCHS_PCIE_OFFSET,
  bochsBars,
  bochsExtended,
  bochsIds,
  bochsWindow,
  dispiRegisters,
} from '../bochs.ts';
import { edidBlock } from '../edid.ts';
import { blocks, hex, list, page, steps, table } from './markdown.ts';
import { legend, registerTables, structTable } from './register-tables.ts';

const intro = blocks(
  `bochs-display is the plainest display that Linux has a driver for (bochs-drm): a framebuffer, and
eleven registers that say which part of it is shown and how. The registers are those that Bochs
gave its VGA card (DISPI); QEMU put them behind a PCI BAR. This model follows QEMU 11.1
(docs/specs/standard-vga.rst, hw/display/bochs-display.c).`,
  list([
    `Vendor ${hex(bochsIds.vendor, 4)}, device ${hex(bochsIds.device, 4)}, revision ${hex(bochsIds.revision)}, class ${hex(bochsIds.classCode, 6)}: a display controller, not VGA compatible.`,
    `BAR${bochsBars.FRAMEBUFFER.index}: the framebuffer, ${bochsBars.FRAMEBUFFER.size >> 20} MiB, 32 bits, prefetchable. It is nothing but memory.`,
    `BAR${bochsBars.REGISTERS.index}: registers, ${bochsBars.REGISTERS.size} bytes, 32 bits.`,
    `A PCI Express capability at ${hex(BOCHS_PCIE_OFFSET)}, with function-level reset (which QEMU's lacks). No interrupt, no DMA.`,
  ]),
  '## BAR2',
  table(
    ['Offset', 'What is there'],
    [
      [hex(bochsWindow.edid, 3), 'The EDID block: 128 bytes, read-only, in accesses of any size'],
      [hex(bochsWindow.dispi, 3), 'DISPI registers, in accesses of 2 bytes'],
      [hex(bochsWindow.extended, 3), "QEMU's extended registers, in accesses of 4 bytes"],
    ],
  ),
  `Between them reads give all ones and writes do nothing. An access of 4 bytes to DISPI registers
reaches two of them; one of 1 byte reaches the register that holds it, reads its low half and writes
it whole, with zeros above. The extended registers read 0 in another size, and keep their value.`,
);

const mode = blocks(
  '## What is shown',
  `The device looks at its registers when it shows a frame, not when they are written, so their
order does not matter. A frame is XRES by YRES pixels. Rows lie VIRT_WIDTH pixels apart, or XRES
where that is more. The first pixel lies X_OFFSET pixels and Y_OFFSET rows from the start of the
framebuffer. Nothing is shown while`,
  list([
    'ENABLE.ENABLED is 0,',
    'BPP is neither 32 nor 16,',
    `XRES or YRES is below ${BOCHS_MIN_SIZE},`,
    'or the frame would reach beyond the framebuffer.',
  ]),
  `A pixel of 32 bits has 0x00RRGGBB, in the byte order that ENDIANNESS says: little-endian it is the
bytes B, G, R, and one that is ignored. A pixel of 16 bits has five bits of red at the top, six of
green, five of blue, always little-endian.`,
);

const use = blocks(
  '## Setting a mode',
  steps([
    'Read ID: it must be at least 0xb0c0.',
    'Read the EDID block, check that its bytes sum to 0 modulo 256, and take its preferred mode.',
    'Check that XRES × YRES × 4 bytes fit into VIDEO_MEMORY × 64 KiB.',
    'Write ENDIANNESS.',
    'Write BPP, XRES, YRES, VIRT_WIDTH, VIRT_HEIGHT, X_OFFSET, Y_OFFSET, and BANK 0.',
    'Write ENABLE: ENABLED and LINEAR.',
    'Write pixels to BAR0.',
  ]),
  'To show another frame, write it elsewhere in the framebuffer and set Y_OFFSET.',
);

export function bochsPage(): string {
  return page(
    'bochs-display: a framebuffer',
    intro,
    '## Registers',
    legend,
    '### DISPI',
    registerTables(dispiRegisters),
    '### Extended',
    registerTables(bochsExtended),
    '### EDID',
    `What the display says of itself: the base block of VESA E-EDID 1.4, whose first descriptor is
its preferred timing. The bytes sum to 0 modulo 256. There are no extension blocks.`,
    structTable(edidBlock),
    mode,
    use,
  );
}
