/** The header of a PLY file (Turk, The PLY Polygon File Format, 1994). */
import { InputError } from './input-error.ts';

/** Bytes of each scalar type, under both of its names. */
export const scalarBytes: Readonly<Record<string, number>> = {
  ...{ char: 1, uchar: 1, short: 2, ushort: 2, int: 4, uint: 4, float: 4, double: 8 },
  ...{ int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, float32: 4, float64: 8 },
};

export interface PlyProperty {
  readonly name: string;
  /** Of the scalar, or of each item of the list. */
  readonly type: string;
  /** Of the list's length; absent in a scalar. */
  readonly countType?: string;
}

export interface PlyElement {
  readonly name: string;
  readonly count: number;
  readonly properties: PlyProperty[];
}

const formats = ['ascii', 'binary_little_endian', 'binary_big_endian'] as const;
type PlyFormat = (typeof formats)[number];

export interface PlyHeader {
  readonly format: PlyFormat;
  readonly elements: readonly PlyElement[];
  /** Bytes of the header. */
  readonly length: number;
}

/** No header is longer. */
const MOST_BYTES = 1 << 16;

/** @throws InputError; `name` is for its message. */
export function readHeader(name: string, bytes: Uint8Array): PlyHeader {
  // One character per byte, so that positions in the text are positions in the file.
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, MOST_BYTES));
  const match = /^ply\r?\n([^]*?)\bend_header[ \t]*\r?\n/.exec(text);
  if (match === null) {
    throw new InputError(
      `${name} is not a PLY file: it lacks a header from "ply" to "end_header".`,
    );
  }
  const lines = match[1].split('\n').map((line) => line.trim().split(/\s+/));
  const format = formats.find((known) =>
    lines.some(([word, type]) => word === 'format' && type === known),
  );
  if (format === undefined) {
    throw new InputError(
      `${name} has a PLY format that is not known; ${formats.join(', ')} are accepted.`,
    );
  }
  return { format, elements: readElements(name, lines), length: match[0].length };
}

/** Comments and obj_info lines are passed over. */
function readElements(name: string, lines: readonly string[][]): PlyElement[] {
  const elements: PlyElement[] = [];
  for (const [word, ...rest] of lines) {
    if (word === 'element') {
      elements.push({ name: rest[0] ?? '', count: Number(rest[1]), properties: [] });
    } else if (word === 'property') {
      const [first, ...others] = rest;
      const [countType, type, property] = first === 'list' ? others : [undefined, first, others[0]];
      elements.at(-1)?.properties.push({
        name: property ?? '',
        type: type ?? '',
        ...(countType !== undefined && { countType }),
      });
    }
  }
  elements.forEach((element) => {
    checkElement(name, element);
  });
  return elements;
}

function checkElement(name: string, { name: element, count, properties }: PlyElement): void {
  const known = (type: string | undefined): boolean => type === undefined || type in scalarBytes;
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new InputError(
      `${name} is damaged: its header gives no number of "${element}" elements.`,
    );
  }
  const wrong = properties.find(({ type, countType }) => !known(type) || !known(countType));
  if (wrong !== undefined) {
    throw new InputError(
      `${name} is damaged: property "${wrong.name}" has the type "${wrong.type}".`,
    );
  }
}

/** A header with nothing in it but the format, elements and properties. */
export function writeHeader({ format, elements }: PlyHeader): string {
  const lines = elements.flatMap((element) => [
    `element ${element.name} ${element.count}`,
    ...element.properties.map(({ name, type, countType }) =>
      countType === undefined
        ? `property ${type} ${name}`
        : `property list ${countType} ${type} ${name}`,
    ),
  ]);
  return ['ply', `format ${format} 1.0`, ...lines, 'end_header', ''].join('\n');
}
