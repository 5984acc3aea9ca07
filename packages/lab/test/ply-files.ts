/** PLY files for tests, in each format. */

type Scalar = 'char' | 'uchar' | 'short' | 'ushort' | 'int' | 'uint' | 'float' | 'double';
type Value = readonly [Scalar, number];

export type PlyFormat = 'ascii' | 'binary_little_endian' | 'binary_big_endian';

/** A file of rows of typed values: in ASCII a line each. */
export function plyFile(
  format: PlyFormat,
  declarations: readonly string[],
  rows: readonly (readonly Value[])[],
  newline = '\n',
): Uint8Array {
  const header = ['ply', `format ${format} 1.0`, ...declarations, 'end_header', ''].join(newline);
  const body =
    format === 'ascii'
      ? Buffer.from(rows.map((row) => row.map(([, value]) => value).join(' ') + newline).join(''))
      : Buffer.concat(rows.flat().map((value) => encode(value, format !== 'binary_big_endian')));
  return Buffer.concat([Buffer.from(header, 'latin1'), body]);
}

function encode([type, value]: Value, little: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  switch (type) {
    case 'char':
    case 'uchar':
      view.setUint8(0, value);
      return new Uint8Array(view.buffer, 0, 1);
    case 'short':
    case 'ushort':
      view.setUint16(0, value, little);
      return new Uint8Array(view.buffer, 0, 2);
    case 'int':
    case 'uint':
      view.setUint32(0, value, little);
      return new Uint8Array(view.buffer, 0, 4);
    case 'float':
      view.setFloat32(0, value, little);
      return new Uint8Array(view.buffer, 0, 4);
    case 'double':
      view.setFloat64(0, value, little);
      return new Uint8Array(view.buffer);
  }
}

export const xyz = ['property float x', 'property float y', 'property float z'];
export const faces = (count: number): string[] => [
  `element face ${count}`,
  'property list uchar int vertex_indices',
];

export function point(x: number, y: number, z: number): Value[] {
  return [
    ['float', x],
    ['float', y],
    ['float', z],
  ];
}

export function face(...corners: readonly number[]): Value[] {
  return [['uchar', corners.length], ...corners.map((corner): Value => ['int', corner])];
}
