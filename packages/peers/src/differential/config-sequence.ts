/** Configuration space: what it says, and what of it takes writes. */
import { type AccessWidth, BAR_COUNT, barOffset, type0Header } from '@doorbell/abi';
import type { Random } from './random.ts';
import type { Note, Sequence, Side } from './side.ts';

const { COMMAND, STATUS } = type0Header.rows;
/** What conventional PCI has; what lies beyond is for capabilities of PCI Express. */
const CONVENTIONAL_BYTES = 0x100;
const WRITES = 3000;

/** Bytes of a capability's registers, by offset. */
interface CapabilityRange {
  readonly from: number;
  readonly bytes: number;
}

const HEADER_BYTES = 0x40;

const where = (offset: number): string => `config 0x${offset.toString(16).padStart(2, '0')}`;

/** Everything, byte by byte, and in the other widths. */
export const readConfig: Sequence = ({ config }, random, note) => {
  for (let offset = 0; offset < CONVENTIONAL_BYTES; offset++) {
    note(where(offset), config.read(offset, 1));
  }
  for (let times = 0; times < CONVENTIONAL_BYTES; times++) {
    const width = random.pick<AccessWidth>([2, 4]);
    noteBytes(config, random.below(CONVENTIONAL_BYTES / width) * width, width, note);
  }
};

/** The sizing of base address registers (PCI Express 6.0 §7.5.1.2.1). */
export const sizeBars: Sequence = ({ config }, _random, note) => {
  for (let index = 0; index < BAR_COUNT; index++) {
    const at = barOffset(index);
    const address = config.read(at, 4);
    for (const written of [0xffff_ffff, 0, 0x5555_5555, 0xaaaa_aaaa]) {
      config.write(at, 4, written);
      note(`BAR${index} after 0x${written.toString(16)}`, config.read(at, 4));
    }
    config.write(at, 4, address);
  }
};

/** What is written to, and what is not. */
export interface ConfigWrites {
  /** The function has this one, and no other. */
  readonly capability: CapabilityRange;
  /**
   * Bits, by offset of a byte, that are never set: what they do would part the sides, or move
   * memory about in the machine.
   */
  readonly spared: Readonly<Record<number, number>>;
}

/** Writes anywhere, and what is read then. */
export function writeConfig(options: ConfigWrites): Sequence {
  const { capability } = options;
  const spared = { ...options.spared, [COMMAND.offset]: COMMAND.bits.MEMORY.mask };
  return (side, random, note) => {
    const { config } = side;
    const before = Uint8Array.from({ length: CONVENTIONAL_BYTES }, (_, at) => config.read(at, 1));
    config.write(COMMAND.offset, 2, 0);
    for (let times = 0; times < WRITES; times++) {
      const at = writeOnce(config, random, spared);
      noteWritten(config, at, capability, note);
      noteBytes(config, STATUS.offset, 2, note);
    }
    // As it was: from the end, so that memory is decoded last, where it was.
    for (let at = CONVENTIONAL_BYTES - 4; at >= 0; at -= 4) {
      config.write(at, 4, new DataView(before.buffer).getUint32(at, true));
    }
  };
}

/** Gives where. */
function writeOnce(
  config: Side['config'],
  random: Random,
  spared: Readonly<Record<number, number>>,
): number {
  const width = random.pick<AccessWidth>([1, 2, 4]);
  // The header has the most registers.
  const range = random.chance(2) ? HEADER_BYTES : CONVENTIONAL_BYTES;
  const offset = random.below(range / width) * width;
  let value = random.pick([random.next(), 0xffff_ffff, 0, 1 << random.below(32)]);
  for (let byte = 0; byte < width; byte++) {
    value &= ~((spared[offset + byte] ?? 0) << (8 * byte));
  }
  config.write(offset, width, (value & (2 ** (8 * width) - 1)) >>> 0);
  return offset;
}

/** The word that was written to; what holds no register goes by one name. */
function noteWritten(
  config: Side['config'],
  written: number,
  { from, bytes }: CapabilityRange,
  note: Note,
): void {
  const at = written & ~3;
  const value = config.read(at, 4);
  for (let byte = 0; byte < 4; byte++) {
    const offset = at + byte;
    const isRegister = offset < HEADER_BYTES || (offset >= from && offset < from + bytes);
    note(isRegister ? where(offset) : 'config, no register', (value >>> (8 * byte)) & 0xff);
  }
}

function noteBytes(config: Side['config'], at: number, width: AccessWidth, note: Note): void {
  const value = config.read(at, width);
  for (let byte = 0; byte < width; byte++) {
    note(where(at + byte), (value >>> (8 * byte)) & 0xff);
  }
}
