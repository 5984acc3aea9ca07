/**
 * EDID: what a display says of itself. The base block of VESA E-EDID 1.4 §3, with one detailed
 * timing (the display's own) and its name.
 */
import { array, bytes, type Field, struct, u16, u32, u8 } from './layout.ts';
import {
  decodeTiming,
  encodeTiming,
  reducedBlanking,
  type Timing,
  TIMING_BYTES,
} from './timing.ts';

/** The one value of the block that is big-endian. */
const u16be: Field<number> = {
  type: 'u16 big-endian',
  size: 2,
  get: (view, at) => view.getUint16(at),
  set: (view, at, value) => {
    view.setUint16(at, value);
  },
};

export const edidBlock = struct('EDID', {
  header: bytes(8),
  manufacturer: u16be, // three letters of 5 bits, A is 1
  product: u16,
  serial: u32,
  week: u8,
  year: u8, // since 1990
  version: u8,
  revision: u8,
  input: u8,
  widthCm: u8,
  heightCm: u8,
  gamma: u8, // times 100, less 100
  features: u8,
  chromaticity: bytes(10),
  established: bytes(3),
  standard: array(u16, 8),
  descriptors: array(bytes(TIMING_BYTES), 4),
  extensions: u8,
  checksum: u8,
});

export interface Edid {
  /** Three capital letters. */
  readonly manufacturer: string;
  readonly product: number;
  /** At most 13 characters of ASCII. */
  readonly name: string;
  readonly preferred: Timing;
}

const header = Uint8Array.of(0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00);
/** sRGB's primaries and white point, in ten bits each (§3.7). */
const srgb = Uint8Array.of(0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54);
/** A standard timing that is not used (§3.9). */
const UNUSED_TIMING = 0x0101;
/** Tags of display descriptors (§3.10.3). */
const NAME_TAG = 0xfc;
const DUMMY_TAG = 0x10;

/** The sum of all bytes, modulo 256: 0 in a block that is whole (§3.11). */
export function edidSum(block: Uint8Array): number {
  return block.reduce((sum, byte) => (sum + byte) & 0xff, 0);
}

/** A descriptor that is no timing: a tag among zeros, then 13 bytes. */
function descriptor(tag: number, content: readonly number[]): Uint8Array {
  return Uint8Array.of(0, 0, 0, tag, 0, ...content);
}

/** A line feed ends a text of less than 13 characters, and spaces fill up (§3.10.3.4). */
function text(line: string): number[] {
  return Array.from(`${line}\n`.padEnd(13, ' ').slice(0, 13), (letter) => letter.charCodeAt(0));
}

/** The block of a display whose preferred mode is `width` by `height` at 60 Hz. */
export function encodeEdid(
  manufacturer: string,
  product: number,
  name: string,
  width: number,
  height: number,
): Uint8Array {
  const block = edidBlock.encode({
    header,
    manufacturer: Array.from(manufacturer).reduce(
      (letters, letter) => (letters << 5) | (letter.charCodeAt(0) & 0x1f),
      0,
    ),
    product,
    serial: 0,
    week: 0,
    year: 2026 - 1990,
    version: 1,
    revision: 4,
    input: 0xa5, // digital, 8 bits per colour, DisplayPort
    widthCm: 0, // the size is unknown
    heightCm: 0,
    gamma: 220 - 100,
    features: 0x06, // sRGB; the first timing is the display's own
    chromaticity: srgb,
    established: new Uint8Array(3),
    standard: Array<number>(8).fill(UNUSED_TIMING),
    descriptors: [
      encodeTiming(reducedBlanking(width, height)),
      descriptor(NAME_TAG, text(name)),
      descriptor(DUMMY_TAG, Array<number>(13).fill(0)),
      descriptor(DUMMY_TAG, Array<number>(13).fill(0)),
    ],
    extensions: 0,
    checksum: 0,
  });
  block[edidBlock.offsets.checksum] = -edidSum(block);
  return block;
}

/** Undefined: the block is damaged, or has no preferred timing. */
export function decodeEdid(block: Uint8Array): Edid | undefined {
  const raw = edidBlock.decode(block);
  const preferred = decodeTiming(raw.descriptors[0]);
  const whole = raw.header.every((byte, index) => byte === header[index]);
  if (!whole || edidSum(block.subarray(0, edidBlock.size)) !== 0 || preferred === undefined) {
    return undefined;
  }
  const letter = (shift: number): string =>
    String.fromCharCode(0x40 + ((raw.manufacturer >> shift) & 0x1f));
  return {
    manufacturer: letter(10) + letter(5) + letter(0),
    product: raw.product,
    name: displayName(raw.descriptors),
    preferred,
  };
}

function displayName(descriptors: readonly Uint8Array[]): string {
  const named = descriptors.find(
    (raw) => raw[0] === 0 && raw[1] === 0 && raw[2] === 0 && raw[3] === NAME_TAG,
  );
  const text = String.fromCharCode(...(named?.subarray(5) ?? []));
  return text.split('\n', 1)[0].trimEnd();
}
