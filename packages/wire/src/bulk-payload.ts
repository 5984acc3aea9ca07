/**
 * The payload of bulk messages: u32 in 4 bytes, addresses in 8, little-endian, in order; then the
 * data or the ranges, to the end of the message.
 */
import type { Field, Fields } from './field.ts';
import { HEADER_BYTES } from './header.ts';
import { type Ranges, rangesSize, readRanges, writeRanges } from './ranges.ts';
import { WireError } from './wire-error.ts';

type Values = Readonly<Record<string, unknown>>;

export function bulkBytes(fields: Fields, values: Values): number {
  let size = 0;
  for (const name in fields) {
    size += fieldBytes(fields[name], values[name]);
  }
  return size;
}

function fieldBytes({ kind }: Field, value: unknown): number {
  if (kind === 'data') {
    return (value as Uint8Array).length;
  }
  return kind === 'ranges' ? rangesSize(value as Ranges) : fixedBytes(kind);
}

function fixedBytes(kind: Field['kind']): number {
  return kind === 'address' ? 8 : 4;
}

/** Writes all but the data, which the caller puts at the end. */
export function writeBulk(view: DataView, fields: Fields, values: Values): void {
  let at = HEADER_BYTES;
  for (const name in fields) {
    const { kind } = fields[name];
    if (kind === 'ranges') {
      writeRanges(view, at, values[name] as Ranges);
    } else if (kind !== 'data') {
      const value = values[name] as number;
      view.setUint32(at, value % 2 ** 32, true);
      if (kind === 'address') {
        view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
      }
      at += fixedBytes(kind);
    }
  }
}

/** The data is a view of the message. @throws WireError */
export function readBulk(what: string, fields: Fields, view: DataView): object {
  const values: Record<string, unknown> = {};
  let at = HEADER_BYTES;
  for (const name in fields) {
    const field = fields[name];
    if (field.kind === 'ranges' || field.kind === 'data') {
      values[name] = field.kind === 'data' ? readData(what, field, view, at) : readRanges(view, at);
      at = view.byteLength;
    } else {
      values[name] = readNumber(what, name, field, view, at);
      at += fixedBytes(field.kind);
    }
  }
  if (at !== view.byteLength) {
    throw new WireError(`${what} has ${view.byteLength - at} bytes after its end.`);
  }
  return values;
}

function readData(what: string, { max }: Field, view: DataView, at: number): Uint8Array {
  const length = view.byteLength - at;
  if (length > max) {
    throw new WireError(`${what} carries ${length} bytes: at most ${max}.`);
  }
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}

function readNumber(
  what: string,
  name: string,
  { kind, max }: Field,
  view: DataView,
  at: number,
): number {
  if (at + fixedBytes(kind) > view.byteLength) {
    throw new WireError(`${what}: ${name} is missing.`);
  }
  const high = kind === 'address' ? view.getUint32(at + 4, true) : 0;
  const value = view.getUint32(at, true) + high * 2 ** 32;
  if (value > max) {
    throw new WireError(`${what}: ${name} is not ${kind} up to ${max}.`);
  }
  return value;
}
