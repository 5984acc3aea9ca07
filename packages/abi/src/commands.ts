/**
 * The command stream of the `Gpu` API: what an application records and a driver submits. A
 * command is a header word and its fields as words. A reference names memory as (handle,
 * offset), so that a stream means the same to every implementation. bell's packets
 * (bell-packets.ts) are these same commands with each reference resolved to a GPU virtual address.
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
