import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  array,
  bytes,
  type Decoded,
  type Field,
  f32,
  struct,
  u16,
  u32,
  u64,
  u8,
  viewOf,
} from '../src/layout.ts';

const inner = struct('inner', { low: u16, high: u16 });
const outer = struct('outer', {
  tag: u8,
  pad: bytes(3),
  word: u32,
  ratio: f32,
  wide: u64,
  pair: inner,
  list: array(u16, 2),
});

/** `outer` with every byte typed by hand: little-endian, and nothing between the fields. */
const golden = Uint8Array.of(
  ...[0xab, 0x01, 0x02, 0x03], // tag, pad
  ...[0x78, 0x56, 0x34, 0x12], // word
  ...[0x00, 0x00, 0x80, 0x3f], // ratio: 1.0 is 0x3f800000
  ...[0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01], // wide
  ...[0x22, 0x11, 0x44, 0x33], // pair
  ...[0x66, 0x55, 0x88, 0x77], // list
);
const value: Decoded<(typeof outer)['fields']> = {
  tag: 0xab,
  pad: Uint8Array.of(1, 2, 3),
  word: 0x12345678,
  ratio: 1,
  wide: 0x0102030405060708n,
  pair: { low: 0x1122, high: 0x3344 },
  list: [0x5566, 0x7788],
};

describe('a struct', () => {
  it('lies in memory as its golden bytes', () => {
    expect(outer.encode(value)).toEqual(golden);
    expect(outer.decode(golden)).toEqual(value);
  });

  it('knows its size and the offset of each field', () => {
    expect(outer.size).toBe(28);
    expect(outer.offsets).toEqual({
      tag: 0,
      pad: 1,
      word: 4,
      ratio: 8,
      wide: 12,
      pair: 20,
      list: 24,
    });
  });

  it('names its type for the reference pages', () => {
    expect(outer.type).toBe('outer');
    expect(outer.fields.pad.type).toBe('u8[3]');
    expect(outer.fields.list.type).toBe('u16[2]');
    expect(outer.fields.pair.type).toBe('inner');
  });

  it('is read and written in the middle of other bytes, which stay', () => {
    const page = new Uint8Array(40).fill(0xee);
    expect(outer.encode(value, page, 6)).toBe(page);
    expect(page.subarray(6, 34)).toEqual(golden);
    expect([...page.subarray(0, 6), ...page.subarray(34)]).toEqual(Array<number>(12).fill(0xee));
    expect(outer.decode(page, 6)).toEqual(value);
  });

  it('has the type that its fields say', () => {
    expectTypeOf(outer.decode(golden)).toEqualTypeOf<{
      tag: number;
      pad: Uint8Array;
      word: number;
      ratio: number;
      wide: bigint;
      pair: { low: number; high: number };
      list: number[];
    }>();
  });

  it('hands out copies of its bytes, so that a peer cannot change what was checked', () => {
    const page = golden.slice();
    const { pad } = outer.decode(page);
    page.fill(0);
    expect(pad).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('survives a round trip with any value', () => {
    const anyValue = fc.record({
      tag: fc.nat(0xff),
      pad: fc.uint8Array({ minLength: 3, maxLength: 3 }),
      word: fc.nat(0xffffffff),
      ratio: fc.float(),
      wide: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      pair: fc.record({ low: fc.nat(0xffff), high: fc.nat(0xffff) }),
      list: fc.array(fc.nat(0xffff), { minLength: 2, maxLength: 2 }),
    });
    fc.assert(
      fc.property(anyValue, fc.nat(9), (some, at) => {
        const page = new Uint8Array(outer.size + at);
        expect(outer.decode(outer.encode(some, page, at), at)).toEqual(some);
      }),
    );
  });

  it('gives back any bytes unchanged, but for what a NaN carries', () => {
    const whole = struct('whole', { a: u8, b: u64, c: bytes(5), d: array(inner, 2), e: u32 });
    const anyBytes = fc.uint8Array({ minLength: whole.size, maxLength: whole.size });
    fc.assert(
      fc.property(anyBytes, (raw) => {
        expect(whole.encode(whole.decode(raw))).toEqual(raw);
      }),
    );
  });
});

describe('bounds', () => {
  const fields: [string, Field<unknown>][] = [
    u8,
    u16,
    u32,
    u64,
    f32,
    bytes(3),
    array(u16, 2),
    inner,
  ].map((field) => [field.type, field as Field<unknown>]);

  it.each(fields)('%s does not reach past its view into the buffer behind it', (_type, field) => {
    const backing = new Uint8Array(64).fill(0x5a);
    const short = viewOf(backing.subarray(8, 8 + field.size - 1));
    const whole = viewOf(backing.subarray(8, 8 + field.size));
    const sample = field.get(whole, 0);
    expect(() => field.get(short, 0)).toThrow(RangeError);
    expect(() => field.set(short, 0, sample)).toThrow(RangeError);
    expect(() => field.get(whole, 1)).toThrow(RangeError);
  });

  it('refuses to decode a struct from fewer bytes than it has', () => {
    expect(() => outer.decode(golden.subarray(0, 27))).toThrow(RangeError);
    expect(() => outer.decode(golden, 1)).toThrow(RangeError);
    expect(() => outer.encode(value, new Uint8Array(27))).toThrow(RangeError);
  });

  it('refuses a list or a run of bytes of another length', () => {
    expect(() => outer.encode({ ...value, list: [1] })).toThrow('Expected 2 values of u16, got 1.');
    expect(() => outer.encode({ ...value, pad: new Uint8Array(4) })).toThrow(
      'Expected 3 bytes, got 4.',
    );
  });
});
