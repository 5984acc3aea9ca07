/**
 * The command stream of the `Gpu` API: what an application records and a driver submits. A
 * command is a header word and its fields as words. A reference names memory as (handle,
 * offset), so that a stream means the same to every implementation. bell's packets (bell.ts)
 * are these same commands with each reference resolved to a GPU virtual address.
 */

/** `u32`: a word. `f32`: its bits are a float. `ref`: two words, handle and byte offset; handle 0 is "none". */
export type CommandFieldType = 'u32' | 'f32' | 'ref';

export interface CommandField {
  readonly type: CommandFieldType;
  readonly doc: string;
  /** Bytes that the command touches from the reference on, and whether it writes them. */
  readonly extent?: (argument: (name: string) => number) => number;
  readonly writes?: boolean;
}

export interface Command {
  readonly opcode: number;
  readonly doc: string;
  readonly fields: Readonly<Record<string, CommandField>>;
}

// The kind stays in the type: `CommandArguments` tells references from numbers by it.
type Typed<T extends CommandFieldType> = CommandField & { readonly type: T };
const u32 = (doc: string): Typed<'u32'> => ({ type: 'u32', doc });
const f32 = (doc: string): Typed<'f32'> => ({ type: 'f32', doc });
const reads = (doc: string, extent: CommandField['extent'] & {}): Typed<'ref'> => ({
  type: 'ref',
  doc,
  extent,
  writes: false,
});
const writes = (doc: string, extent: CommandField['extent'] & {}): Typed<'ref'> => ({
  type: 'ref',
  doc,
  extent,
  writes: true,
});

/** Bytes from the first to past the last byte of `rows` rows. */
function rect(rows: number, stride: number, rowBytes: number): number {
  return rows === 0 || rowBytes === 0 ? 0 : (rows - 1) * stride + rowBytes;
}

export const VERTEX_BYTES = 36;
export const INDEX_BYTES = 4;
/** The largest width and height of a surface, in pixels. */
export const MAX_SURFACE = 4096;
/** The most indices, and the most vertices, of one draw. */
export const MAX_INDICES = 3 * (1 << 20);
/** The most rows of one fill or copy. */
export const MAX_ROWS = 1 << 20;
/** The most bytes that one fill or copy writes. */
export const MAX_COPY_BYTES = 1 << 28;

/** Bits of `draw.flags`. */
export const drawFlags = {
  /** Drops triangles whose corners run clockwise as one sees them on the screen. */
  CULL_BACK: 1,
  DEPTH_TEST: 2,
  DEPTH_WRITE: 4,
} as const;

export const filters = { NEAREST: 0, BILINEAR: 1 } as const;
export const blends = { NONE: 0, OVER: 1 } as const;

export const commands = {
  fill: {
    opcode: 0x10,
    doc: 'Writes `value` to a rectangle of 32-bit words: at most 1,048,576 rows and 256 MiB.',
    fields: {
      dst: writes('First word', (get) => rect(get('height'), get('stride'), get('width') * 4)),
      stride: u32('Bytes from row to row'),
      width: u32('Words per row'),
      height: u32('Rows'),
      value: u32('The word'),
    },
  },
  copy: {
    opcode: 0x11,
    doc: 'Copies rows of bytes, first row first; within a row as if through a buffer. At most 1,048,576 rows and 256 MiB.',
    fields: {
      dst: writes('First byte', (get) => rect(get('rows'), get('dstStride'), get('rowBytes'))),
      dstStride: u32('Bytes from row to row'),
      src: reads('First byte', (get) => rect(get('rows'), get('srcStride'), get('rowBytes'))),
      srcStride: u32('Bytes from row to row'),
      rowBytes: u32('Bytes per row'),
      rows: u32('Rows'),
    },
  },
  blit: {
    opcode: 0x12,
    doc: 'Scales a rectangle of RGBA pixels onto another, and blends it.',
    fields: {
      dst: writes('First pixel', (get) =>
        rect(get('dstHeight'), get('dstStride'), get('dstWidth') * 4),
      ),
      dstStride: u32('Bytes from row to row'),
      dstWidth: u32('Pixels'),
      dstHeight: u32('Pixels'),
      src: reads('First pixel', (get) =>
        rect(get('srcHeight'), get('srcStride'), get('srcWidth') * 4),
      ),
      srcStride: u32('Bytes from row to row'),
      srcWidth: u32('Pixels'),
      srcHeight: u32('Pixels'),
      filter: u32('0 nearest, 1 bilinear'),
      blend: u32('0 none, 1 source over destination, straight alpha'),
    },
  },
  setTarget: {
    opcode: 0x20,
    doc: 'Where later draws go. Depth is one word per pixel: 0 near, 0xffffff far.',
    fields: {
      color: writes('RGBA pixels', (get) =>
        rect(get('height'), get('colorStride'), get('width') * 4),
      ),
      colorStride: u32('Bytes from row to row'),
      depth: writes('Depth words, or none', (get) =>
        rect(get('height'), get('depthStride'), get('width') * 4),
      ),
      depthStride: u32('Bytes from row to row'),
      width: u32('Pixels'),
      height: u32('Pixels'),
    },
  },
  setViewport: {
    opcode: 0x21,
    doc: 'Where normalised device coordinates fall on the target: y down, (-1, -1) at its top left, depth 0 to 1. Nothing is drawn outside of it.',
    fields: {
      x: f32('Pixels'),
      y: f32('Pixels'),
      width: f32('Pixels'),
      height: f32('Pixels'),
    },
  },
  setScissor: {
    opcode: 0x22,
    doc: 'Pixels outside of the rectangle are not drawn.',
    fields: { x: u32('Pixels'), y: u32('Pixels'), width: u32('Pixels'), height: u32('Pixels') },
  },
  setTexture: {
    opcode: 0x23,
    doc: 'The texture of later draws, repeated in both directions. None: white.',
    fields: {
      texels: reads('RGBA texels, or none', (get) =>
        rect(get('height'), get('stride'), get('width') * 4),
      ),
      stride: u32('Bytes from row to row'),
      width: u32('Texels'),
      height: u32('Texels'),
      filter: u32('0 nearest, 1 bilinear'),
    },
  },
  setTransform: {
    opcode: 0x24,
    doc: 'Model to clip space, column by column, and the light, in model space. A vertex is lit by ambient + max(0, normal · light).',
    fields: {
      ...(Object.fromEntries(
        Array.from({ length: 16 }, (_, i) => [`m${i}`, f32(`Column ${i >> 2}, row ${i & 3}`)]),
      ) as Record<MatrixElement, Typed<'f32'>>),
      lightX: f32('Towards the light, times its strength'),
      lightY: f32(''),
      lightZ: f32(''),
      ambient: f32('1 and no light: unlit'),
    },
  },
  draw: {
    opcode: 0x25,
    doc: 'Indexed triangles. A vertex is 36 bytes: position f32[3], normal f32[3], texture u and v f32[2], colour RGBA u8[4].',
    fields: {
      vertices: reads('36 bytes each', (get) => get('vertexCount') * VERTEX_BYTES),
      vertexCount: u32('Vertices, at most 3,145,728; an index at or above it is a fault'),
      indices: reads('u32 each', (get) => get('indexCount') * INDEX_BYTES),
      indexCount: u32('Three for each triangle, at most 3,145,728'),
      flags: u32('1 cull back faces, 2 test depth, 4 write depth'),
    },
  },
} as const satisfies Record<string, Command>;

type MatrixElement = `m${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15}`;

export type CommandName = keyof typeof commands;
export const commandNames = Object.keys(commands) as CommandName[];

/** A place in a buffer or an image. */
export interface Reference {
  readonly handle: number;
  /** Bytes from the resource's start. */
  readonly offset: number;
}

type ArgumentOf<F> = F extends { readonly type: 'ref' } ? Reference : number;
export type CommandArguments<N extends CommandName> = {
  readonly [K in keyof (typeof commands)[N]['fields']]: ArgumentOf<
    (typeof commands)[N]['fields'][K]
  >;
};

/** A header: opcode in bits 7:0, the command's length in words (header included) in bits 31:16. */
export function header(opcode: number, words: number): number {
  return ((words << 16) | opcode) >>> 0;
}
export function headerOpcode(word: number): number {
  return word & 0xff;
}
export function headerWords(word: number): number {
  return word >>> 16;
}

/** A command's length in words with its references as handle and offset, header included. */
export function commandWords(name: CommandName): number {
  let words = 1;
  for (const field of Object.values<CommandField>(commands[name].fields)) {
    words += field.type === 'ref' ? 2 : 1;
  }
  return words;
}

/** "No reference": no depth buffer, no texture. */
export const NONE: Reference = { handle: 0, offset: 0 };

/** Records commands. The words may be submitted any number of times. */
export class CommandEncoder {
  private buffer = new ArrayBuffer(1024);
  private words = new Uint32Array(this.buffer);
  private floats = new Float32Array(this.buffer);
  private length = 0;

  private command(name: CommandName, values: Readonly<Record<string, number | Reference>>): this {
    const command: Command = commands[name];
    const words = commandWords(name);
    this.reserve(words);
    this.words[this.length++] = header(command.opcode, words);
    for (const [field, { type }] of Object.entries(command.fields)) {
      const value = values[field];
      if (typeof value !== 'number') {
        this.words[this.length++] = value.handle;
        this.words[this.length++] = value.offset;
      } else if (type === 'f32') {
        this.floats[this.length++] = value;
      } else {
        this.words[this.length++] = value;
      }
    }
    return this;
  }

  private reserve(words: number): void {
    if (this.length + words > this.words.length) {
      const larger = new ArrayBuffer(this.buffer.byteLength * 2);
      new Uint32Array(larger).set(this.words);
      this.buffer = larger;
      this.words = new Uint32Array(larger);
      this.floats = new Float32Array(larger);
    }
  }

  fill(values: CommandArguments<'fill'>): this {
    return this.command('fill', values);
  }
  copy(values: CommandArguments<'copy'>): this {
    return this.command('copy', values);
  }
  blit(values: CommandArguments<'blit'>): this {
    return this.command('blit', values);
  }
  setTarget(values: CommandArguments<'setTarget'>): this {
    return this.command('setTarget', values);
  }
  setViewport(values: CommandArguments<'setViewport'>): this {
    return this.command('setViewport', values);
  }
  setScissor(values: CommandArguments<'setScissor'>): this {
    return this.command('setScissor', values);
  }
  setTexture(values: CommandArguments<'setTexture'>): this {
    return this.command('setTexture', values);
  }
  /** `matrix`: 16 numbers, column by column. `light`: x, y, z, ambient. */
  setTransform(matrix: ArrayLike<number>, light: ArrayLike<number>): this {
    const values: Record<string, number> = {};
    for (let i = 0; i < 16; i++) {
      values[`m${i}`] = matrix[i];
    }
    [values.lightX, values.lightY, values.lightZ, values.ambient] = Array.from(light) as [
      number,
      number,
      number,
      number,
    ];
    return this.command('setTransform', values);
  }
  draw(values: CommandArguments<'draw'>): this {
    return this.command('draw', values);
  }

  finish(): CommandBuffer {
    return { words: this.words.slice(0, this.length) };
  }
}

export interface CommandBuffer {
  readonly words: Uint32Array;
}

export class BadCommand extends Error {
  override readonly name = 'BadCommand';
}

const byOpcode = new Map<number, CommandName>(
  commandNames.map((name) => [commands[name].opcode, name]),
);

/** Where the fields of a command lie, worked out once. */
interface CommandShape {
  readonly name: CommandName;
  readonly words: number;
  readonly fields: readonly (CommandField & { readonly name: string; readonly word: number })[];
}
const shapes = new Map<number, CommandShape>();
for (const [opcode, name] of byOpcode) {
  let word = 1;
  const fields = Object.entries<CommandField>(commands[name].fields).map(([field, row]) => {
    const placed = { ...row, name: field, word };
    word += row.type === 'ref' ? 2 : 1;
    return placed;
  });
  shapes.set(opcode, { name, words: word, fields });
}

/**
 * Resolves each reference of a stream to an address and writes bell's packets for it.
 * `resolve` answers for `bytes` bytes at `offset` of a resource, or throws; it is not asked
 * about "none", which becomes address 0. Nothing of a malformed stream is trusted.
 * @throws BadCommand on an unknown opcode, a wrong length or a stream that ends early.
 */
export function resolveReferences(
  stream: CommandBuffer,
  resolve: (handle: number, offset: number, bytes: number, writes: boolean) => number,
): Uint32Array {
  const { words } = stream;
  const out = new Uint32Array(words.length);
  let length = 0;
  for (let at = 0; at < words.length;) {
    const start = words[at];
    const shape = shapes.get(headerOpcode(start));
    if (shape === undefined) {
      throw new BadCommand(
        `Word ${at}: no command has opcode 0x${headerOpcode(start).toString(16)}.`,
      );
    }
    if (headerWords(start) !== shape.words || at + shape.words > words.length) {
      throw new BadCommand(`Word ${at}: ${shape.name} is ${shape.words} words long.`);
    }
    const begin = at;
    const argument = (name: string): number =>
      words[begin + (shape.fields.find((field) => field.name === name)?.word ?? 0)];
    const headerAt = length++;
    for (const field of shape.fields) {
      const value = words[begin + field.word];
      if (field.type !== 'ref') {
        out[length++] = value;
      } else if (value === 0) {
        out[length++] = 0;
      } else {
        const bytes = field.extent?.(argument) ?? 0;
        const offset = words[begin + field.word + 1];
        out[length++] = resolve(value, offset, bytes, field.writes === true);
      }
    }
    out[headerAt] = header(headerOpcode(start), length - headerAt);
    at += shape.words;
  }
  return out.slice(0, length);
}
