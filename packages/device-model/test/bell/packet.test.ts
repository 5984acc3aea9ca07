import { describe, expect, it } from 'vitest';
import { argumentsOf, extentOf } from '../../src/bell/packet.ts';

describe('a packet', () => {
  it('has its fields by name, from its second word on', () => {
    const words = Uint32Array.of(7, 0x00060010, 0x1000, 64, 3, 2, 0xff);
    expect(argumentsOf('fill', words, 1)).toEqual({
      dst: 0x1000,
      stride: 64,
      width: 3,
      height: 2,
      value: 0xff,
    });
  });

  it('touches the bytes from its first row to the end of its last', () => {
    const values = argumentsOf('fill', Uint32Array.of(0x00060010, 0x1000, 64, 3, 2, 0xff));
    expect(extentOf('fill', 'dst', values)).toBe(76);
    expect(extentOf('fill', 'dst', { ...values, height: 0 })).toBe(0);
    expect(extentOf('fill', 'stride', values)).toBe(0);
  });

  it('touches 36 bytes for each vertex and 4 for each index', () => {
    const values = argumentsOf('draw', Uint32Array.of(0x00060025, 1, 10, 2, 30, 0));
    expect(extentOf('draw', 'vertices', values)).toBe(360);
    expect(extentOf('draw', 'indices', values)).toBe(120);
  });
});
