/** The payload of control messages: an array of the fields' values, in order, in msgpack. */
import { Packr, Unpackr } from 'msgpackr';
import { type Field, type Fields, isWhole, type Kind } from './field.ts';
import { checkPlain } from './plain-msgpack.ts';
import { WireError } from './wire-error.ts';

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

/** A value as msgpack holds it. */
function packed({ kind }: Field, value: unknown): unknown {
  return kind === 'features'
    ? [Number((value as bigint) & 0xffffffffn), Number((value as bigint) >> 32n)]
    : value;
}

/** A view of a buffer that the next call uses again. */
export function packControl(fields: Fields, values: Readonly<Record<string, unknown>>): Uint8Array {
  return packr.pack(Object.entries(fields).map(([name, field]) => packed(field, values[name])));
}

type Reader = (value: unknown, max: number) => unknown;

function whole(value: unknown, max: number): unknown {
  return isWhole(value, max) ? value : undefined;
}

function features(value: unknown): unknown {
  const words = Array.isArray(value) ? (value as readonly unknown[]) : [];
  return words.length === 2 && words.every((word) => isWhole(word, 2 ** 32 - 1))
    ? BigInt(words[0]) | (BigInt(words[1]) << 32n)
    : undefined;
}

/** A copy, and never a Buffer, which the unpacker makes where there are any. */
function bytes(value: unknown, max: number): unknown {
  return value instanceof Uint8Array && value.length <= max ? Uint8Array.from(value) : undefined;
}

function text(value: unknown, max: number): unknown {
  return typeof value === 'string' && value.length <= max ? value : undefined;
}

function counts(value: unknown, max: number): unknown {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries = isMap && !(value instanceof Uint8Array) ? Object.entries(value) : undefined;
  const fits = entries !== undefined && entries.length <= max;
  return fits && entries.every(([, number]) => Number.isFinite(number)) ? value : undefined;
}

const nothing: Reader = () => undefined;

/** A value of each kind, or undefined when it is not one. */
const readers: Readonly<Record<Kind, Reader>> = {
  u32: whole,
  address: whole,
  features,
  bytes,
  text,
  counts,
  data: nothing,
  ranges: nothing,
};

/** @throws WireError */
export function unpackControl(what: string, fields: Fields, payload: Uint8Array): object {
  const entries = Object.entries(fields);
  const values = unpackArray(payload);
  if (values.length !== entries.length) {
    throw new WireError(`${what} has ${values.length} fields in place of ${entries.length}.`);
  }
  return Object.fromEntries(
    entries.map(([name, { kind, max }], index) => {
      const value = readers[kind](values[index], max);
      if (value === undefined) {
        throw new WireError(`${what}: ${name} is not ${kind} up to ${max}.`);
      }
      return [name, value];
    }),
  );
}

function unpackArray(payload: Uint8Array): readonly unknown[] {
  checkPlain(payload);
  const value = unpack(payload);
  if (!Array.isArray(value)) {
    throw new WireError('The payload of a control message is not an array.');
  }
  return value as readonly unknown[];
}

function unpack(payload: Uint8Array): unknown {
  try {
    return unpackr.unpack(payload);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new WireError(`A payload of ${payload.length} bytes is not msgpack: ${why}`);
  }
}
