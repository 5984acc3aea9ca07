import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  BadCommand,
  blends,
  type Command,
  type CommandArguments,
  CommandEncoder,
  type CommandName,
  commandNames,
  commands,
  commandWords,
  drawFlags,
  filters,
  header,
  headerOpcode,
  headerWords,
  INDEX_BYTES,
  NONE,
  type Reference,
  renameHandles,
  resolveReferences,
  VERTEX_BYTES,
} from '../src/index.ts';

const at = (handle: number, offset: number): Reference => ({ handle, offset });

describe('the encoder', () => {
  it('writes the words of each command, references as handle and offset', () => {
    const { words } = new CommandEncoder()
      .fill({ dst: at(1, 0x40), stride: 256, width: 64, height: 2, value: 0xff0000ff })
      .copy({ dst: at(2, 0), dstStride: 16, src: at(3, 4), srcStride: 32, rowBytes: 8, rows: 1 })
      .setScissor({ x: 1, y: 2, width: 3, height: 4 })
      .finish();
    expect([...words]).toEqual([
      ...[0x0007_0010, 1, 0x40, 256, 64, 2, 0xff0000ff],
      ...[0x0009_0011, 2, 0, 16, 3, 4, 32, 8, 1],
      ...[0x0005_0022, 1, 2, 3, 4],
    ]);
  });

  it('writes floats as their bits', () => {
    const { words } = new CommandEncoder()
      .setViewport({ x: 0, y: -0, width: 640, height: 0.5 })
      .finish();
    expect([...words]).toEqual([0x0005_0021, 0, 0x80000000, 0x44200000, 0x3f000000]);
  });

  it('writes a matrix column by column, then the light', () => {
    const matrix = Array.from({ length: 16 }, (_, i) => i + 1);
    const { words } = new CommandEncoder().setTransform(matrix, [0, 1, 0, 0.25]).finish();
    const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
    expect(words[0]).toBe(0x0015_0024);
    expect([...floats.subarray(1)]).toEqual([...matrix, 0, 1, 0, 0.25]);
  });

  it('writes blits, targets, textures and draws', () => {
    const { words } = new CommandEncoder()
      .blit({
        ...{ dst: at(1, 2), dstStride: 3, dstWidth: 4, dstHeight: 5 },
        ...{ src: at(6, 7), srcStride: 8, srcWidth: 9, srcHeight: 10 },
        ...{ filter: filters.BILINEAR, blend: blends.OVER },
      })
      .setTarget({
        color: at(1, 0),
        colorStride: 4,
        depth: NONE,
        depthStride: 0,
        width: 1,
        height: 1,
      })
      .setTexture({ texels: NONE, stride: 0, width: 0, height: 0, filter: filters.NEAREST })
      .draw({
        ...{ vertices: at(8, 36), vertexCount: 3, indices: at(9, 12), indexCount: 6 },
        flags: drawFlags.CULL_BACK | drawFlags.DEPTH_WRITE,
      })
      .finish();
    expect([...words]).toEqual([
      ...[0x000d_0012, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 1],
      ...[0x0009_0020, 1, 0, 4, 0, 0, 0, 1, 1],
      ...[0x0007_0023, 0, 0, 0, 0, 0, 0],
      ...[0x0008_0025, 8, 36, 3, 9, 12, 6, 5],
    ]);
  });

  it('grows with what is recorded, and keeps recording after a finish', () => {
    const encoder = new CommandEncoder();
    for (let i = 0; i < 1000; i++) {
      encoder.setScissor({ x: i, y: 0, width: 0, height: 0 });
    }
    const first = encoder.finish();
    encoder.setScissor({ x: 1000, y: 0, width: 0, height: 0 });
    expect(first.words.length).toBe(5000);
    expect(first.words[4996]).toBe(999);
    expect(encoder.finish().words.length).toBe(5005);
    expect(first.words.length).toBe(5000);
  });

  it('asks for exactly the fields of its command', () => {
    expectTypeOf<CommandArguments<'fill'>>().toEqualTypeOf<{
      readonly dst: Reference;
      readonly stride: number;
      readonly width: number;
      readonly height: number;
      readonly value: number;
    }>();
  });
});

describe('a header', () => {
  it('has the opcode in bits 7:0 and the length in bits 31:16', () => {
    expect(header(0x25, 8)).toBe(0x00080025);
    expect(header(0xff, 0xffff)).toBe(0xffff00ff);
    expect([headerOpcode(0xffff00ff), headerWords(0xffff00ff)]).toEqual([0xff, 0xffff]);
  });
});

describe('the command set', () => {
  it('has opcodes that do not change', () => {
    expect(Object.fromEntries(commandNames.map((name) => [name, commands[name].opcode]))).toEqual({
      ...{ fill: 0x10, copy: 0x11, blit: 0x12 },
      ...{ setTarget: 0x20, setViewport: 0x21, setScissor: 0x22, setTexture: 0x23 },
      ...{ setTransform: 0x24, draw: 0x25 },
    });
  });

  it('has lengths that do not change', () => {
    expect(Object.fromEntries(commandNames.map((name) => [name, commandWords(name)]))).toEqual({
      ...{ fill: 7, copy: 9, blit: 13 },
      ...{ setTarget: 9, setViewport: 5, setScissor: 5, setTexture: 7 },
      ...{ setTransform: 21, draw: 8 },
    });
  });

  it('has vertices of position, normal, texture coordinates and colour', () => {
    expect(VERTEX_BYTES).toBe(3 * 4 + 3 * 4 + 2 * 4 + 4);
    expect(INDEX_BYTES).toBe(4);
  });
});

interface Asked {
  readonly handle: number;
  readonly offset: number;
  readonly bytes: number;
  readonly writes: boolean;
}

/** Resolves a stream; each handle lies at handle × 1 MiB. */
function resolved(words: readonly number[]): { packets: number[]; asked: Asked[] } {
  const asked: Asked[] = [];
  const packets = resolveReferences(
    { words: Uint32Array.from(words) },
    (handle, offset, bytes, writes) => {
      asked.push({ handle, offset, bytes, writes });
      return handle * 0x100000 + offset;
    },
  );
  return { packets: [...packets], asked };
}

describe('resolving references', () => {
  it('makes one word of each, and shortens the header to match', () => {
    expect(resolved([0x0007_0010, 1, 0x40, 256, 64, 2, 9]).packets).toEqual([
      ...[0x0006_0010, 0x100040, 256, 64, 2, 9],
    ]);
  });

  it('asks for every byte that the command touches, once each', () => {
    // 2 rows of 64 words, 256 bytes apart: the last row is not padded.
    expect(resolved([0x0007_0010, 1, 0x40, 512, 64, 2, 9]).asked).toEqual([
      { handle: 1, offset: 0x40, bytes: 512 + 256, writes: true },
    ]);
    expect(resolved([0x0009_0011, 2, 0, 16, 3, 4, 32, 8, 3]).asked).toEqual([
      { handle: 2, offset: 0, bytes: 40, writes: true },
      { handle: 3, offset: 4, bytes: 72, writes: false },
    ]);
    expect(resolved([0x000d_0012, 1, 0, 40, 10, 2, 2, 0, 20, 5, 3, 0, 0]).asked).toEqual([
      { handle: 1, offset: 0, bytes: 80, writes: true },
      { handle: 2, offset: 0, bytes: 60, writes: false },
    ]);
    expect(resolved([0x0009_0020, 1, 0, 40, 2, 8, 44, 10, 2]).asked).toEqual([
      { handle: 1, offset: 0, bytes: 80, writes: true },
      { handle: 2, offset: 8, bytes: 84, writes: true },
    ]);
    expect(resolved([0x0007_0023, 5, 0, 16, 4, 4, 1]).asked).toEqual([
      { handle: 5, offset: 0, bytes: 64, writes: false },
    ]);
    expect(resolved([0x0008_0025, 8, 0, 3, 9, 0, 6, 0]).asked).toEqual([
      { handle: 8, offset: 0, bytes: 108, writes: false },
      { handle: 9, offset: 0, bytes: 24, writes: false },
    ]);
  });

  it('asks for no byte of an empty rectangle', () => {
    expect(resolved([0x0007_0010, 1, 0, 0xffffffff, 0, 0xffffffff, 0]).asked[0]?.bytes).toBe(0);
    expect(resolved([0x0007_0010, 1, 0, 0xffffffff, 1, 0, 0]).asked[0]?.bytes).toBe(0);
  });

  it('asks for sizes beyond 32 bits as they are, so that a range check sees them', () => {
    const { asked } = resolved([0x0007_0010, 1, 0, 0xffffffff, 1, 0xffffffff, 0]);
    expect(asked[0]?.bytes).toBe(0xfffffffe * 0xffffffff + 4);
  });

  it('leaves "none" as address 0 and does not ask about it', () => {
    expect(resolved([0x0007_0023, 0, 77, 16, 4, 4, 1])).toEqual({
      packets: [0x0006_0023, 0, 16, 4, 4, 1],
      asked: [],
    });
  });

  it('passes on what the resolver throws', () => {
    const refuse = (): number => {
      throw new RangeError('no such handle');
    };
    const words = Uint32Array.of(0x0007_0010, 1, 0, 4, 1, 1, 0);
    expect(() => resolveReferences({ words }, refuse)).toThrow('no such handle');
  });

  it.each([
    ['an unknown opcode', [0x0001_00ee], 'Word 0: no command has opcode 0xee.'],
    ['a packet that is no command', [0x0003_0002, 1, 1], 'Word 0: no command has opcode 0x2.'],
    ['a length that is too short', [0x0004_0022, 0, 0, 0], 'Word 0: setScissor is 5 words long.'],
    ['a length of zero', [0x0000_0022, 0, 0, 0, 0], 'Word 0: setScissor is 5 words long.'],
    ['an end within a command', [0x0005_0022, 0, 0], 'Word 0: setScissor is 5 words long.'],
    [
      'a bad word after a good command',
      [0x0005_0022, 0, 0, 0, 0, 7],
      'Word 5: no command has opcode 0x7.',
    ],
  ])('refuses %s', (_name, words, message) => {
    expect(() => resolved(words)).toThrow(new BadCommand(message));
  });

  it('of random words does nothing but refuse them or answer', () => {
    const opcode = fc.constantFrom(...commandNames.map((name) => commands[name].opcode), 0, 0xff);
    const word = fc.oneof(
      fc.nat(0xffffffff),
      fc.nat(8),
      opcode,
      fc
        .constantFrom(...commandNames)
        .map((name) => header(commands[name].opcode, commandWords(name))),
    );
    let answered = 0;
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        let called = false;
        try {
          const packets = resolveReferences(
            { words: Uint32Array.from(words) },
            (handle, offset, bytes) => {
              called = true;
              expect(handle).toBeGreaterThan(0);
              expect(offset).toBeGreaterThanOrEqual(0);
              expect(bytes).toBeGreaterThanOrEqual(0);
              return 0;
            },
          );
          expect(packets.length).toBeLessThanOrEqual(words.length);
          answered += called ? 1 : 0;
        } catch (error) {
          expect(error).toBeInstanceOf(BadCommand);
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
    expect(answered).toBeGreaterThan(0);
  });

  /** A command with its arguments, at random. */
  const anyCommand = fc.constantFrom<CommandName>(...commandNames).chain((name) => {
    const { fields }: Command = commands[name];
    const words = Object.values(fields).map(({ type }) =>
      type === 'ref'
        ? fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff))
        : fc.tuple(fc.nat(0xffffffff)),
    );
    return fc.tuple(fc.constant(name), fc.tuple(...words));
  });

  it('keeps every argument that is no reference, in order', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 5 }), (list) => {
        const words = list.flatMap(([name, args]) => [
          header(commands[name].opcode, commandWords(name)),
          ...args.flat(),
        ]);
        const expected = list.flatMap(([name, args]) => [
          header(commands[name].opcode, args.length + 1),
          ...args.map((arg) => (arg.length === 1 ? arg[0] : arg[0] === 0 ? 0 : 0xabc)),
        ]);
        const packets = resolveReferences({ words: Uint32Array.from(words) }, () => 0xabc);
        expect([...packets]).toEqual(expected);
      }),
    );
  });
});

describe('renaming handles', () => {
  const { words } = new CommandEncoder()
    .copy({ dst: at(2, 8), dstStride: 16, src: at(3, 4), srcStride: 32, rowBytes: 8, rows: 2 })
    .setTarget({
      color: at(4, 0),
      colorStride: 8,
      depth: NONE,
      depthStride: 0,
      width: 2,
      height: 1,
    })
    .finish();

  it('replaces each handle, and nothing else', () => {
    const renamed = renameHandles({ words }, (handle) => handle + 100);
    expect([...renamed.words]).toEqual([
      ...[0x0009_0011, 102, 8, 16, 103, 4, 32, 8, 2],
      ...[0x0009_0020, 104, 0, 8, 0, 0, 0, 2, 1],
    ]);
    expect(words[1]).toBe(2);
  });

  it('asks for what each reference touches, but not for "none"', () => {
    const asked: unknown[] = [];
    renameHandles({ words }, (...question) => {
      asked.push(question);
      return 1;
    });
    expect(asked).toEqual([
      [2, 8, 24, true],
      [3, 4, 40, false],
      [4, 0, 8, true],
    ]);
  });

  it('does not take what is no stream', () => {
    const rename = (): number => 1;
    expect(() => renameHandles({ words: Uint32Array.of(0x10001) }, rename)).toThrow(BadCommand);
    expect(() => renameHandles({ words: words.slice(0, 8) }, rename)).toThrow(BadCommand);
    expect(() => renameHandles({ words: Uint32Array.of(0x0008_0011) }, rename)).toThrow(BadCommand);
  });
});
