/** bochs-display: what it shows, in modes of every kind. */
import { createHash } from 'node:crypto';
import {
  type Accessors,
  accessors,
  bochsBars,
  bochsEndianness,
  bochsExtended,
  bochsWindow,
  dispiRegisters,
} from '@doorbell/abi';
import { openBochs } from './bochs-registers.ts';
import type { Random } from './random.ts';
import type { Sequence, Side } from './side.ts';

type Dispi = Accessors<typeof dispiRegisters.rows>;

interface Mode {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly virtualWidth: number;
  readonly x: number;
  readonly y: number;
  readonly enable: number;
}

const MEMORY = bochsBars.FRAMEBUFFER.size;
/** So much of memory is filled; the rest is black. */
const FILLED = 0x2_0000;
const plain: Mode = { width: 64, height: 64, bits: 32, virtualWidth: 0, x: 0, y: 0, enable: 0x41 };

function setMode(dispi: Dispi, mode: Mode): void {
  dispi.XRES.write(mode.width);
  dispi.YRES.write(mode.height);
  dispi.BPP.write(mode.bits);
  dispi.VIRT_WIDTH.write(mode.virtualWidth);
  dispi.X_OFFSET.write(mode.x);
  dispi.Y_OFFSET.write(mode.y);
  dispi.ENABLE.write(mode.enable);
}

/**
 * Odd sizes, offsets and virtual widths, all of which memory holds. At 16 bits rows are an even
 * number of pixels apart: at another QEMU ends.
 */
function lightMode(random: Random): Mode {
  const bits = random.pick([16, 32]);
  return {
    width: (64 + random.below(200)) & (bits === 16 ? ~1 : ~0),
    height: 64 + random.below(100),
    bits,
    virtualWidth: random.pick([0, 2, random.below(600)]) & (bits === 16 ? ~1 : ~0),
    x: random.pick([0, 1, random.below(500)]),
    y: random.pick([0, 1, random.below(90)]),
    enable: random.next() | 1,
  };
}

/** Each is dark for a reason of its own. */
const darkModes: readonly Mode[] = [
  { ...plain, enable: 0 },
  { ...plain, enable: 0xfffe },
  { ...plain, bits: 0 },
  { ...plain, bits: 8 },
  { ...plain, bits: 15 },
  { ...plain, bits: 24 },
  { ...plain, bits: 33 },
  { ...plain, width: 63 },
  { ...plain, height: 63 },
  { ...plain, width: 0, height: 0 },
  { ...plain, width: 4096, height: 1025 },
  { ...plain, width: 4096, height: 1024, x: 1 },
  { ...plain, width: 4096, height: 1024, y: 1 },
  { ...plain, width: 0xffff, height: 0xffff },
  { ...plain, virtualWidth: 0xffff, y: 0xffff },
];

/** The last mode that memory holds, at its very end. */
const edgeModes: readonly Mode[] = [
  { ...plain, virtualWidth: 1024, height: 96, y: MEMORY / 4096 - 96 },
  { ...plain, bits: 16, virtualWidth: 1024, height: 96, y: MEMORY / 2048 - 96 },
  { ...plain, width: 2048, height: 2048 },
  { ...plain, bits: 16, width: 68, height: 65, x: 0xffff, y: 64 },
];

/** In few characters; the same as before for the same pixels. */
async function look(side: Side): Promise<string> {
  const picture = await side.screen();
  if (picture === undefined) {
    return 'dark';
  }
  const hash = createHash('sha256').update(picture.pixels).digest('hex').slice(0, 16);
  return `${picture.width}x${picture.height} ${hash}`;
}

const name = ({ width, height, bits, virtualWidth, x, y }: Mode): string =>
  `screen ${width}x${height}, ${bits} bits, ${virtualWidth} wide, from ${x},${y}`;

export const showModes: Sequence = async (side, random, note) => {
  const framebuffer = openBochs(side, 'FRAMEBUFFER');
  const registers = openBochs(side, 'REGISTERS');
  const dispi = accessors(dispiRegisters, registers, bochsWindow.dispi);
  const { ENDIANNESS } = accessors(bochsExtended, registers, bochsWindow.extended);
  const { LITTLE, BIG } = bochsEndianness;
  framebuffer.writeBlock(0, random.bytes(FILLED));
  framebuffer.writeBlock(MEMORY - FILLED, random.bytes(FILLED));
  for (let times = 0; times < 120; times++) {
    const mode = lightMode(random);
    ENDIANNESS.write(random.pick([LITTLE, BIG]));
    setMode(dispi, mode);
    note(name(mode), await look(side));
    framebuffer.write(random.below(FILLED / 4) * 4, 4, random.next());
    note(`${name(mode)}, after a write`, await look(side));
  }
  for (const mode of edgeModes) {
    setMode(dispi, mode);
    note(name(mode), await look(side));
  }
  ENDIANNESS.write(LITTLE);
};

/** Modes that are none: what is shown while the registers describe one. */
export const showNothing: Sequence = async (side, _random, note) => {
  const dispi = accessors(dispiRegisters, openBochs(side, 'REGISTERS'), bochsWindow.dispi);
  setMode(dispi, plain);
  const before = await look(side);
  note(name(plain), before);
  for (const mode of darkModes) {
    setMode(dispi, mode);
    const after = await look(side);
    note('screen without a mode', after === before ? 'as before' : after);
    setMode(dispi, plain);
    note(name(plain), await look(side));
  }
};
