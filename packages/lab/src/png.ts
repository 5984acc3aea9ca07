/** PNG files (PNG third edition, W3C 2025) to pictures and back. */
import { MAX_SURFACE, viewOf } from '@doorbell/abi';
import { decode, encode, hasPngSignature, type DecodedPng } from 'fast-png';
import { InputError } from './input-error.ts';
import type { Picture } from './picture.ts';

/** `name` is for messages. @throws InputError */
export function decodePng(name: string, bytes: Uint8Array): Picture {
  checkHeader(name, bytes);
  let png: DecodedPng;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch {
    throw new InputError(`${name} is not a sound PNG file: it is cut short or damaged.`);
  }
  return toPicture(name, png, bytes[ihdr.TYPE] === PALETTE);
}

export function encodePng({ width, height, pixels }: Picture): Uint8Array {
  return encode({ width, height, data: pixels, channels: 4, depth: 8 });
}

/** Offsets in the IHDR chunk, which comes first (§11.2.1). */
const ihdr = { WIDTH: 16, HEIGHT: 20, DEPTH: 24, TYPE: 25, INTERLACE: 28, END: 33 } as const;

/** The colour type of pixels that are numbers of a palette. */
const PALETTE = 3;

/** What can be refused before anything is decompressed. */
function checkHeader(name: string, bytes: Uint8Array): void {
  if (!hasPngSignature(bytes)) {
    throw new InputError(`${name} is not a PNG file; textures are PNG files.`);
  }
  if (bytes.length < ihdr.END) {
    throw new InputError(`${name} is not a sound PNG file: it is cut short or damaged.`);
  }
  const view = viewOf(bytes);
  const width = view.getUint32(ihdr.WIDTH);
  const height = view.getUint32(ihdr.HEIGHT);
  if (width === 0 || height === 0 || width > MAX_SURFACE || height > MAX_SURFACE) {
    throw new InputError(
      `${name} has ${width} × ${height} pixels; from 1 × 1 to ${MAX_SURFACE} × ${MAX_SURFACE} are accepted.`,
    );
  }
  if (bytes[ihdr.INTERLACE] !== 0 && bytes[ihdr.DEPTH] < 8) {
    throw new InputError(
      `${name} is interlaced with ${bytes[ihdr.DEPTH]} bits per sample; save it without interlacing.`,
    );
  }
}

function toPicture(name: string, png: DecodedPng, indexed: boolean): Picture {
  const { width, height } = png;
  const samples = unpack(png);
  const pixels = new Uint8Array(width * height * 4);
  if (indexed) {
    lookUp(name, png.palette ?? [], samples, pixels);
  } else {
    widen(png, samples, pixels);
  }
  return { width, height, pixels };
}

function lookUp(
  name: string,
  palette: readonly (readonly number[])[],
  samples: ArrayLike<number>,
  pixels: Uint8Array,
): void {
  for (let at = 0; at < samples.length; at++) {
    const color = palette[samples[at]];
    if (color === undefined) {
      throw new InputError(`${name} is a damaged PNG file: a colour is not in its palette.`);
    }
    pixels[4 * at] = color[0];
    pixels[4 * at + 1] = color[1];
    pixels[4 * at + 2] = color[2];
    pixels[4 * at + 3] = color[3] ?? 255;
  }
}

/** One to four samples of any depth to four of 8 bits. */
function widen(png: DecodedPng, samples: ArrayLike<number>, pixels: Uint8Array): void {
  const { channels, depth, transparency } = png;
  const most = 2 ** depth - 1;
  const green = channels < 3 ? 0 : 1;
  const hasAlpha = channels === 2 || channels === 4;
  const to8 = (sample: number): number => Math.round((sample * 255) / most);
  for (let from = 0, to = 0; to < pixels.length; from += channels, to += 4) {
    pixels[to] = to8(samples[from]);
    pixels[to + 1] = to8(samples[from + green]);
    pixels[to + 2] = to8(samples[from + 2 * green]);
    if (hasAlpha) {
      pixels[to + 3] = to8(samples[from + channels - 1]);
    } else {
      pixels[to + 3] = isKey(samples, from, transparency) ? 0 : 255;
    }
  }
}

/** One sample per element: below 8 bits they are packed from the high bits down, rows in whole bytes. */
function unpack({ width, height, depth, data }: DecodedPng): ArrayLike<number> {
  if (depth >= 8) {
    return data;
  }
  const rowBytes = Math.ceil((width * depth) / 8);
  const samples = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const bits = x * depth;
      const byte = data[y * rowBytes + (bits >> 3)];
      samples[at] = (byte >> (8 - depth - (bits & 7))) & ((1 << depth) - 1);
    }
  }
  return samples;
}

/** Whether a pixel has the one colour that tRNS makes transparent (§11.3.1.1). */
function isKey(samples: ArrayLike<number>, at: number, key: Uint16Array | undefined): boolean {
  return key?.every((value, channel) => samples[at + channel] === value) === true;
}
