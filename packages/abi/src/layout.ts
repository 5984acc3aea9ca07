/**
 * Struct layouts as data. One object per type holds its size, its offsets, decode and encode,
 * so that a layout is written down once. Everything is little-endian and unpadded: a gap in a
 * specification's layout is written as a field.
 */

/** How one value lies in memory. `size` is in bytes. */
export interface Field<T> {
  readonly size: number;
  /** The name that reference pages print: `u32`, `f32[16]`, a struct's name. */
  readonly type: string;
  get(view: DataView, at: number): T;
  set(view: DataView, at: number, value: T): void;
}

function scalar<T>(
  type: string,
  size: number,
  get: (view: DataView, at: number) => T,
  set: (view: DataView, at: number, value: T) => void,
): Field<T> {
  return { type, size, get, set };
}

export const u8 = scalar<number>(
  'u8',
  1,
  (view, at) => view.getUint8(at),
  (view, at, value) => {
    view.setUint8(at, value);
  },
);
export const u16 = scalar<number>(
  'u16',
  2,
  (view, at) => view.getUint16(at, true),
  (view, at, value) => {
    view.setUint16(at, value, true);
  },
);
export const u32 = scalar<number>(
  'u32',
  4,
  (view, at) => view.getUint32(at, true),
  (view, at, value) => {
    view.setUint32(at, value, true);
  },
);
/** 64 bits as a BigInt: for layouts, never for a hot path. */
export const u64 = scalar<bigint>(
  'u64',
  8,
  (view, at) => view.getBigUint64(at, true),
  (view, at, value) => {
    view.setBigUint64(at, value, true);
  },
);
export const f32 = scalar<number>(
  'f32',
  4,
  (view, at) => view.getFloat32(at, true),
  (view, at, value) => {
    view.setFloat32(at, value, true);
  },
);

/** `length` values of one type, back to back. */
export function array<T>(element: Field<T>, length: number): Field<T[]> {
  return {
    type: `${element.type}[${length}]`,
    size: element.size * length,
    get: (view, at) =>
      Array.from({ length }, (_, index) => element.get(view, at + index * element.size)),
    set: (view, at, values) => {
      if (values.length !== length) {
        throw new RangeError(`Expected ${length} values of ${element.type}, got ${values.length}.`);
      }
      values.forEach((value, index) => {
        element.set(view, at + index * element.size, value);
      });
    },
  };
}

/** `length` bytes of a view. Bounded by hand: a typed array would reach past the view into its buffer. */
function within(view: DataView, at: number, length: number): Uint8Array {
  if (at < 0 || at + length > view.byteLength) {
    throw new RangeError(`${length} bytes at ${at} reach past a view of ${view.byteLength}.`);
  }
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}

/** `length` raw bytes. */
export function bytes(length: number): Field<Uint8Array> {
  return {
    type: `u8[${length}]`,
    size: length,
    get: (view, at) => within(view, at, length).slice(),
    set: (view, at, value) => {
      if (value.length !== length) {
        throw new RangeError(`Expected ${length} bytes, got ${value.length}.`);
      }
      within(view, at, length).set(value);
    },
  };
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
type Value<F> = F extends Field<infer T> ? T : never;
/** The decoded form of a struct with fields `F`. */
export type Decoded<F extends Fields> = { -readonly [K in keyof F]: Value<F[K]> };

/** A struct: itself a field, so structs nest. */
export interface Struct<F extends Fields> extends Field<Decoded<F>> {
  readonly name: string;
  readonly fields: F;
  /** Byte offset of each field from the start of the struct. */
  readonly offsets: { readonly [K in keyof F]: number };
  /** @throws RangeError when fewer than `size` bytes follow `at`. */
  decode(from: Uint8Array, at?: number): Decoded<F>;
  /** Writes into `into` at `at`, or into a new array of `size` bytes. */
  encode(value: Decoded<F>, into?: Uint8Array, at?: number): Uint8Array;
}

export function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

export function struct<const F extends Fields>(name: string, fields: F): Struct<F> {
  const names = Object.keys(fields) as (keyof F & string)[];
  const offsets = {} as Record<keyof F, number>;
  let size = 0;
  for (const field of names) {
    offsets[field] = size;
    size += fields[field]?.size ?? 0;
  }
  const get = (view: DataView, at: number): Decoded<F> => {
    const value: Partial<Record<keyof F, unknown>> = {};
    for (const field of names) {
      value[field] = fields[field]?.get(view, at + offsets[field]);
    }
    return value as Decoded<F>;
  };
  const set = (view: DataView, at: number, value: Decoded<F>): void => {
    for (const field of names) {
      fields[field]?.set(view, at + offsets[field], value[field]);
    }
  };
  return {
    name,
    type: name,
    fields,
    size,
    offsets,
    get,
    set,
    decode: (from, at = 0) => get(viewOf(from), at),
    encode: (value, into = new Uint8Array(size), at = 0) => {
      set(viewOf(into), at, value);
      return into;
    },
  };
}
