import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../src/input-error.ts';
import { decodePng, encodePng } from '../src/png.ts';

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), 4 + body.length);
  return frame;
}

interface Parts {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly type: number;
  readonly interlace?: number;
  readonly chunks?: readonly Uint8Array[];
  /** Each row begins with its filter. */
  readonly rows: readonly (readonly number[])[];
}

/** A PNG file after the letter of the specification. */
function png({ width, height, depth, type, interlace = 0, chunks = [], rows }: Parts): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, type, 0, 0, interlace], 8);
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header),
    ...chunks,
    chunk('IDAT', deflateSync(Uint8Array.from(rows.flat()))),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

function pixels(parts: Parts): number[] {
  return [...decodePng('a.png', png(parts)).pixels];
}

describe('decodePng', () => {
  it('reads colour with and without alpha', () => {
    const row = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    expect(pixels({ width: 2, height: 1, depth: 8, type: 6, rows: [row] })).toEqual(row.slice(1));
    expect(pixels({ width: 1, height: 1, depth: 8, type: 2, rows: [[0, 9, 8, 7]] })).toEqual([
      9, 8, 7, 255,
    ]);
  });

  it('reads grey with and without alpha', () => {
    expect(pixels({ width: 1, height: 1, depth: 8, type: 0, rows: [[0, 77]] })).toEqual([
      77, 77, 77, 255,
    ]);
    expect(pixels({ width: 1, height: 1, depth: 8, type: 4, rows: [[0, 77, 5]] })).toEqual([
      77, 77, 77, 5,
    ]);
  });

  it('rounds 16 bits to 8', () => {
    const row = [0, 0xff, 0xff, 0x80, 0x80, 0x00, 0x7f];
    expect(pixels({ width: 1, height: 1, depth: 16, type: 2, rows: [row] })).toEqual([
      255, 128, 0, 255,
    ]);
  });

  it('unpacks 1, 2 and 4 bits, rows in whole bytes', () => {
    const reds = (parts: Parts): number[] => pixels(parts).filter((_, index) => index % 4 === 0);
    const base = { height: 2, type: 0 };
    expect(
      reds({
        ...base,
        width: 3,
        depth: 1,
        rows: [
          [0, 0b10100000],
          [0, 0b01000000],
        ],
      }),
    ).toEqual([255, 0, 255, 0, 255, 0]);
    expect(
      reds({
        ...base,
        width: 3,
        depth: 2,
        rows: [
          [0, 0b00011011],
          [0, 0b11100000],
        ],
      }),
    ).toEqual([0, 85, 170, 255, 170, 0]);
    expect(
      reds({
        ...base,
        width: 3,
        depth: 4,
        rows: [
          [0, 0x0f, 0x80],
          [0, 0x12, 0x30],
        ],
      }),
    ).toEqual([0, 255, 136, 17, 34, 51]);
  });

  it('looks colours up in a palette, with alpha where tRNS gives it', () => {
    const chunks = [
      chunk('PLTE', Uint8Array.of(1, 2, 3, 4, 5, 6)),
      chunk('tRNS', Uint8Array.of(9)),
    ];
    expect(pixels({ width: 2, height: 1, depth: 4, type: 3, chunks, rows: [[0, 0x10]] })).toEqual([
      4, 5, 6, 255, 1, 2, 3, 9,
    ]);
  });

  it('makes the one colour that tRNS names transparent', () => {
    const chunks = [chunk('tRNS', Uint8Array.of(0, 9, 0, 8, 0, 7))];
    const rows = [[0, 9, 8, 7, 9, 8, 6, 9, 8, 7]];
    expect(pixels({ width: 3, height: 1, depth: 8, type: 2, chunks, rows })).toEqual([
      9, 8, 7, 0, 9, 8, 6, 255, 9, 8, 7, 0,
    ]);
  });

  it('undoes the Sub and Up filters', () => {
    const rows = [
      [1, 10, 5],
      [2, 1, 1],
    ];
    const reds = pixels({ width: 2, height: 2, depth: 8, type: 0, rows }).filter(
      (_, i) => i % 4 === 0,
    );
    expect(reds).toEqual([10, 15, 11, 16]);
  });

  it('reads a file that is a view into a larger array', () => {
    const file = png({ width: 1, height: 1, depth: 8, type: 0, rows: [[0, 3]] });
    const larger = new Uint8Array(file.length + 7);
    larger.set(file, 5);
    expect(decodePng('a.png', larger.subarray(5, 5 + file.length)).pixels[0]).toBe(3);
  });
});

describe('what decodePng refuses', () => {
  const sound: Parts = { width: 1, height: 1, depth: 8, type: 0, rows: [[0, 3]] };
  const refusal = (bytes: Uint8Array): string => {
    try {
      decodePng('a.png', bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      const { message } = error as InputError;
      expect(message).not.toContain('\n');
      return message;
    }
    throw new Error('It was accepted.');
  };

  it('is what is not a PNG file', () => {
    expect(refusal(new Uint8Array(0))).toBe('a.png is not a PNG file; textures are PNG files.');
    expect(refusal(new TextEncoder().encode('hello'.repeat(20)))).toContain('is not a PNG file');
  });

  it('is a file that ends early', () => {
    const file = png(sound);
    for (let length = 8; length < file.length; length++) {
      expect(refusal(file.subarray(0, length))).toContain('a.png is not a sound PNG file');
    }
  });

  it('is a file with a flipped bit', () => {
    const file = png(sound);
    for (let at = 33; at < file.length; at++) {
      const bad = Uint8Array.from(file);
      bad[at] ^= 0x10;
      expect(refusal(bad)).toContain('a.png is not a sound PNG file');
    }
  });

  it('is a picture without pixels, or with more than a surface holds', () => {
    expect(refusal(png({ ...sound, width: 0 }))).toContain(
      'from 1 × 1 to 4096 × 4096 are accepted',
    );
    expect(refusal(png({ ...sound, height: 4097 }))).toContain('1 × 4097 pixels');
  });

  it('is a colour that the palette lacks', () => {
    const chunks = [chunk('PLTE', Uint8Array.of(1, 2, 3))];
    expect(refusal(png({ ...sound, type: 3, chunks, rows: [[0, 1]] }))).toContain('palette');
    expect(refusal(png({ ...sound, type: 3, rows: [[0, 1]] }))).toContain('damaged');
  });

  it('is interlacing below 8 bits, which the decoder gets wrong', () => {
    expect(refusal(png({ ...sound, depth: 4, interlace: 1 }))).toContain('without interlacing');
  });
});

describe('encodePng', () => {
  it('makes a file that decodes to the same picture', () => {
    const size = fc.integer({ min: 1, max: 9 });
    const pictures = fc.tuple(size, size).chain(([width, height]) =>
      fc.record({
        width: fc.constant(width),
        height: fc.constant(height),
        pixels: fc.uint8Array({ minLength: width * height * 4, maxLength: width * height * 4 }),
      }),
    );
    fc.assert(
      fc.property(pictures, (picture) => {
        const decoded = decodePng('a.png', encodePng(picture));
        expect([...decoded.pixels]).toEqual([...picture.pixels]);
        expect([decoded.width, decoded.height]).toEqual([picture.width, picture.height]);
      }),
    );
  });
});
