/** Of the datasheet of bell: one submission in numbers. A test of the device model carries it out. */
import { blocks, hex, table } from './markdown.ts';

type Row = readonly [where: string, offset: number, word: number, meaning: string];

/** In this order. */
const writes: readonly Row[] = [
  ['BAR4', 0x20, 0xfee00000, "Vector 2: the message's address, as the system chose it"],
  ['BAR4', 0x24, 0x00000000, 'Its high half'],
  ['BAR4', 0x28, 0x00000042, 'Its data'],
  ['BAR4', 0x2c, 0x00000000, 'Unmasked'],
  ['BAR2', 0x10010, 0x00011009, 'Directory, entry 2: the table at VRAM 0x11000; TABLE, VALID'],
  ['BAR2', 0x10014, 0x00000000, 'Its high word'],
  ['BAR2', 0x11000, 0x00012001, 'Table, entry 0: the page at VRAM 0x12000; VALID'],
  ['BAR2', 0x11004, 0x00000000, 'Its high word'],
  ['BAR2', 0x11008, 0x00005007, 'Table, entry 1: the page at IOVA 0x5000; SYSTEM, WRITE, VALID'],
  ['BAR2', 0x1100c, 0x00000000, 'Its high word'],
  ['BAR0', 0x410c, 0x00000010, 'PAGE_ROOT: the directory at VRAM 0x10000'],
  ['BAR0', 0x4110, 0x00400000, 'RING: directory 2, table 0, byte 0'],
  ['BAR0', 0x4114, 0x00001000, 'RING_SIZE: 4 KiB'],
  ['BAR0', 0x4120, 0x00401000, 'FENCE_ADDRESS: directory 2, table 1, byte 0'],
  ['BAR0', 0x412c, 0x00000007, 'INTERRUPT_ENABLE: all causes'],
  ['BAR0', 0x4130, 0x00000002, 'VECTOR'],
  ['BAR0', 0x4100, 0x00000001, "The channel's CONTROL: ENABLE"],
  ['BAR0', 0x0010, 0x00000001, "The function's CONTROL: ENABLE"],
  ['BAR2', 0x12000, 0x00030002, 'The ring, offset 0: header of FENCE, length 3'],
  ['BAR2', 0x12004, 0x00000001, 'value'],
  ['BAR2', 0x12008, 0x00000001, 'interrupt'],
  ['BAR1', 0x2000, 0x0000000c, "Channel 2's doorbell: past the 12 bytes"],
];

/** What is found when the message has come and the channel is idle. */
const reads: readonly Row[] = [
  ['RAM', 0x5000, 0x00000001, 'The fence'],
  ['BAR0', 0x4108, 0x00000000, 'STATUS: idle'],
  ['BAR0', 0x4118, 0x0000000c, 'HEAD'],
  ['BAR0', 0x411c, 0x0000000c, 'TAIL'],
  ['BAR0', 0x4124, 0x00000001, 'FENCE'],
  ['BAR0', 0x4128, 0x00000001, 'INTERRUPT: FENCE'],
  ['BAR0', 0x4134, 0x00000000, 'FAULT: none'],
];

function words(access: string, rows: readonly Row[]): string {
  return table(
    [access, 'Offset', 'Word', 'Meaning'],
    rows.map(([where, offset, word, meaning]) => [where, hex(offset, 5), hex(word, 8), meaning]),
  );
}

export const example = blocks(
  '## An example in numbers',
  `Channel 2 executes one FENCE, from after the first four steps above: memory decoding, bus mastering and
MSI-X are enabled, and RESET was written. VRAM holds the directory at 0x10000, a table at 0x11000 and
the ring at 0x12000, all zero so far. A page of RAM is mapped for DMA at IOVA 0x5000.`,
  words('Write to', writes),
  'One message goes out, with data 0x42 to 0xfee00000. Then:',
  words('Read from', reads),
  'Writing 0x00000001 to BAR0 offset 0x04128 clears INTERRUPT. The next packet goes to ring offset 0xc.',
);
