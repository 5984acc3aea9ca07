/** bochs-display: registers and memory in every width. */
import {
  type AccessWidth,
  bochsBars,
  bochsEndianness,
  bochsWindow,
  edidBlock,
  type Mmio,
  type0Header,
} from '@doorbell/abi';
import type { Random } from './random.ts';
import type { Note, Sequence, Side } from './side.ts';

const { COMMAND } = type0Header.rows;
/** What has an EDID: QEMU's with one extension block. */
const EDID_BYTES = 2 * edidBlock.size;
/** The part of memory that is tried: its start and its end. */
const TRIED = 0x4000;

/** Memory decoded, and a window on a BAR. */
export function openBochs(side: Side, bar: keyof typeof bochsBars): Mmio {
  side.config.write(COMMAND.offset, 2, COMMAND.bits.MEMORY.mask);
  return side.mapBar(bochsBars[bar].index);
}

const place = (bar: number, offset: number, width: number): string =>
  `BAR${bar} 0x${offset.toString(16)}, ${width} bytes`;

/** Where registers are, around them, and anywhere else. Not in the EDID, which differs. */
function anywhere(random: Random, width: AccessWidth): number {
  const [base, size] = random.pick([
    [bochsWindow.dispi, 0x20],
    [bochsWindow.dispi, 0x20],
    [bochsWindow.extended, 0x10],
    [EDID_BYTES, bochsBars.REGISTERS.size - EDID_BYTES],
  ]);
  return base + random.below(size / width) * width;
}

export const useRegisters: Sequence = (side, random, note) => {
  const mmio = openBochs(side, 'REGISTERS');
  const { LITTLE, BIG } = bochsEndianness;
  for (let times = 0; times < 6000; times++) {
    const width = random.pick<AccessWidth>([1, 2, 2, 4]);
    const offset = anywhere(random, width);
    if (random.chance(2)) {
      const value = random.pick([random.next(), random.next(), LITTLE, BIG]);
      mmio.write(offset, width, value % 2 ** (8 * width));
    }
    note(place(bochsBars.REGISTERS.index, offset, width), mmio.read(offset, width));
  }
  for (let offset = 0; offset < 0x18; offset += 2) {
    note(place(2, bochsWindow.dispi + offset, 2), mmio.read(bochsWindow.dispi + offset, 2));
  }
};

export const readEdid: Sequence = (side, _random, note) => {
  const mmio = openBochs(side, 'REGISTERS');
  const bytes: number[] = [];
  for (let offset = 0; offset < EDID_BYTES; offset++) {
    mmio.write(offset, 1, 0x55);
    bytes.push(mmio.read(offset, 1));
  }
  note('EDID', Buffer.from(bytes).toString('hex'));
  noteWidths(mmio, bytes, note);
};

/** Wider accesses give the same bytes. */
function noteWidths(mmio: Mmio, bytes: readonly number[], note: Note): void {
  for (let offset = 0; offset < edidBlock.size; offset += 4) {
    const [a, b, c, d] = bytes.slice(offset, offset + 4);
    const word = (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
    note('EDID in 4 bytes', Number(mmio.read(offset, 4) === word));
    note('EDID in 2 bytes', Number(mmio.read(offset, 2) === (word & 0xffff)));
  }
}

export const useMemory: Sequence = (side, random, note) => {
  const mmio = openBochs(side, 'FRAMEBUFFER');
  for (const base of [0, bochsBars.FRAMEBUFFER.size - TRIED]) {
    mmio.writeBlock(base, new Uint8Array(TRIED));
    for (let times = 0; times < 1000; times++) {
      const width = random.pick<AccessWidth>([1, 2, 4]);
      mmio.write(
        base + random.below(TRIED / width) * width,
        width,
        random.next() % 2 ** (8 * width),
      );
      const other = random.pick<AccessWidth>([1, 2, 4]);
      const offset = base + random.below(TRIED / other) * other;
      note(place(bochsBars.FRAMEBUFFER.index, offset, other), mmio.read(offset, other));
    }
    const all = new Uint8Array(TRIED);
    mmio.readBlock(base, all);
    note('memory', Buffer.from(all).toString('base64'));
  }
};
