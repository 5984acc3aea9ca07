import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { InputError } from '../src/input-error.ts';
import { parsePly } from '../src/ply.ts';
import { face, faces, plyFile, type PlyFormat, point, xyz } from './ply-files.ts';

const formats: readonly PlyFormat[] = ['ascii', 'binary_little_endian', 'binary_big_endian'];
const corners = [point(0, 0, 0), point(1, 0, 0), point(0, 1, 0), point(1, 1, 0.5)];

function refusal(bytes: Uint8Array): string {
  try {
    parsePly('a.ply', bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }
  throw new Error('It was accepted.');
}

describe('parsePly', () => {
  it('reads a file with comments and obj_info, and prints nothing', () => {
    const log = vi.spyOn(console, 'log');
    const mesh = parsePly('a.ply', readFileSync(new URL('data/tetrahedron.ply', import.meta.url)));
    expect([...mesh.indices]).toEqual([0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]);
    expect([...mesh.positions.subarray(3, 6)]).toEqual([-1, -1, 1]);
    expect([...(mesh.colors ?? [])].slice(0, 8)).toEqual([255, 80, 70, 255, 255, 210, 60, 255]);
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  for (const format of formats) {
    for (const newline of ['\n', '\r\n']) {
      it(`reads ${format} with lines that end in ${JSON.stringify(newline)}`, () => {
        const header = ['element vertex 4', ...xyz, ...faces(2)];
        const rows = [...corners, face(0, 1, 2), face(0, 1, 3, 2)];
        const mesh = parsePly('a.ply', plyFile(format, header, rows, newline));
        expect([...mesh.positions]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0.5]);
        expect([...mesh.indices]).toEqual([0, 1, 2, 0, 1, 2, 1, 3, 2]);
      });
    }
  }

  it('reads normals, and texture coordinates under each of their names, turned over', () => {
    for (const [u, v] of [
      ['s', 't'],
      ['u', 'v'],
      ['texture_u', 'texture_v'],
    ]) {
      const names = [...['nx', 'ny', 'nz'], u, v].map((name) => `property double ${name}`);
      const rows = [0, 1, 2].map((i) => [
        ...point(i, 0, i * i),
        ...[0, 0, 1, 0.25 * i, 0.25].map((value) => ['double', value] as const),
      ]);
      const header = ['element vertex 3', ...xyz, ...names, ...faces(1)];
      const mesh = parsePly(
        'a.ply',
        plyFile('binary_little_endian', header, [...rows, face(0, 1, 2)]),
      );
      expect([...(mesh.normals ?? [])]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1]);
      expect([...(mesh.uvs ?? [])]).toEqual([0, 0.75, 0.25, 0.75, 0.5, 0.75]);
    }
  });

  it('reads colours of each type', () => {
    for (const [type, most] of [
      ['uchar', 255],
      ['ushort', 65535],
      ['float', 1],
    ] as const) {
      const names = ['red', 'green', 'blue'].map((name) => `property ${type} ${name}`);
      const rows = [0, 1, 2].map((i) => [
        ...point(i, 0, i * i),
        ...[i === 0, i === 1, i === 2].map((on) => [type, on ? most : 0] as const),
      ]);
      const header = ['element vertex 3', ...xyz, ...names, ...faces(1)];
      const mesh = parsePly(
        'a.ply',
        plyFile('binary_big_endian', header, [...rows, face(0, 1, 2)]),
      );
      expect([...(mesh.colors ?? [])]).toEqual([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255]);
    }
  });

  it('passes over properties and elements that it does not know', () => {
    const header = [
      ...['element vertex 3', 'property uchar indices', ...xyz, 'property float normals'],
      ...['element camera 1', 'property list ushort double path'],
      ...['element face 1', 'property float area', 'property list uchar int vertex_index'],
      ...['property list uchar float texcoord'],
    ];
    const rows = [
      ...[0, 1, 2].map((i) => [
        ['uchar', 7] as const,
        ...point(i, 0, i * i),
        ['float', 9] as const,
      ]),
      [
        ['ushort', 2],
        ['double', 1],
        ['double', 2],
      ] as const,
      [['float', 0.5], ...face(0, 1, 2), ['uchar', 1], ['float', 3]] as const,
    ];
    for (const format of formats) {
      const mesh = parsePly('a.ply', plyFile(format, header, rows));
      expect([...mesh.indices]).toEqual([0, 1, 2]);
      expect([...mesh.positions]).toEqual([0, 0, 0, 1, 0, 1, 2, 0, 4]);
    }
  });
});

describe('what parsePly refuses', () => {
  const header = ['element vertex 4', ...xyz, ...faces(1)];

  it('is what has no header', () => {
    expect(refusal(new Uint8Array(0))).toContain('lacks a header from "ply" to "end_header"');
    expect(refusal(new TextEncoder().encode('ply\nformat ascii 1.0\n'))).toContain(
      'not a PLY file',
    );
    expect(refusal(new Uint8Array(1000).fill(0xff))).toContain('not a PLY file');
  });

  it('is a format, a count or a type that does not exist', () => {
    const file = (lines: readonly string[]): Uint8Array =>
      new TextEncoder().encode(['ply', ...lines, 'end_header', ''].join('\n'));
    expect(refusal(file(['format binary_middle_endian 1.0']))).toContain(
      'ascii, binary_little_endian, binary_big_endian are accepted',
    );
    const ascii = 'format ascii 1.0';
    expect(refusal(file([ascii, 'element vertex many']))).toContain(
      'no number of "vertex" elements',
    );
    expect(refusal(file([ascii, 'element vertex -1']))).toContain('no number of "vertex" elements');
    expect(refusal(file([ascii, 'element vertex 1', 'property quad x']))).toContain('type "quad"');
  });

  it('is a file that is cut short anywhere', () => {
    for (const format of formats) {
      const file = plyFile(format, header, [...corners, face(0, 1, 2)]);
      const end = Buffer.from(file).indexOf('end_header\n') + 'end_header\n'.length;
      for (let length = end; length < file.length - 1; length++) {
        // A number without its last digit is a number; one fewer is not a whole line.
        if (format !== 'ascii' || /\s$/.test(Buffer.from(file.subarray(0, length)).toString())) {
          expect(refusal(file.subarray(0, length))).toContain('a.ply is cut short');
        }
      }
    }
  });

  it('is a count that no file could hold, at once', () => {
    const many = ['element vertex 4294967295', ...xyz, ...faces(4294967295)];
    for (const format of formats) {
      expect(refusal(plyFile(format, many, corners))).toContain('cut short');
    }
    const long = [
      'element vertex 3',
      ...xyz,
      'element face 1',
      'property list uint int vertex_indices',
    ];
    const rows = [...corners.slice(0, 3), [['uint', 4294967295] as const]];
    for (const format of formats) {
      expect(refusal(plyFile(format, long, rows))).toContain('4294967295 corners');
    }
  });

  it('is a face of more than four corners, which the loader would leave out', () => {
    const five = ['element vertex 5', ...xyz, ...faces(1)];
    for (const format of formats) {
      const rows = [...corners, point(2, 2, 2), face(0, 1, 2, 3, 4)];
      expect(refusal(plyFile(format, five, rows))).toBe(
        'a.ply has a face of 5 corners; PLY faces of 3 and 4 corners are accepted: triangulate it.',
      );
    }
  });

  it('is more lines than the header describes', () => {
    const file = plyFile('ascii', header, [...corners, face(0, 1, 2), point(1, 2, 3)]);
    expect(refusal(file)).toContain('elements that its header does not describe');
  });
});
