/** Headers of transaction layer packets as values, and as the bytes that AER logs show. */
import type { Bdf } from './pci.ts';
import { extract, place } from './register.ts';
import {
  tlpCommonLayout,
  tlpLayouts,
  tlpTypes,
  type ByteEnables,
  type HeaderField,
  type TlpType,
  type TlpTypeRow,
} from './tlp.ts';

/** What the model leaves at 0, and a header of a real machine may have. */
type Attributes = Partial<
  Record<
    Exclude<keyof typeof tlpCommonLayout, 'format' | 'typeCode' | 'length'> | 'countModified',
    number
  >
>;

interface Request extends Attributes {
  readonly requester: Bdf;
  /** 0 when nothing is answered. */
  readonly tag: number;
}

export interface MemoryHeader extends Request, ByteEnables {
  readonly type: 'MRd' | 'MWr';
  /** Of the first double word: a multiple of 4, below 2^53. */
  readonly address: number;
}

export interface ConfigHeader extends Request, ByteEnables {
  readonly type: 'CfgRd0' | 'CfgWr0' | 'CfgRd1' | 'CfgWr1';
  readonly completer: Bdf;
  /** Which double word of configuration space. */
  readonly register: number;
}

export interface CompletionHeader extends Request {
  readonly type: 'Cpl' | 'CplD';
  readonly completer: Bdf;
  readonly status: number;
  /** Bytes that are owed, with those of this one. */
  readonly byteCount: number;
  readonly lowerAddress: number;
  readonly length: number;
}

export interface MessageHeader extends Request {
  readonly type: 'Msg' | 'MsgD';
  readonly routing: number;
  readonly code: number;
  readonly length: number;
}

export type TlpHeader = MemoryHeader | ConfigHeader | CompletionHeader | MessageHeader;

const FOUR_WORDS = 1;
const WITH_DATA = 2;
const ROUTING = 7;
const HIGH = 2 ** 32;
/** Fields that code their largest value, one more than fits, as 0. */
const LARGEST = { length: 1024, byteCount: 4096 } as const;

type Values = Record<string, number>;

function isLong(header: TlpHeader): boolean {
  return 'code' in header || ('address' in header && header.address >= HIGH);
}

/** 12 or 16. */
export function tlpHeaderBytes(header: TlpHeader): number {
  return isLong(header) ? 16 : 12;
}

function layoutOf(
  { shape }: TlpTypeRow,
  long: boolean,
): readonly (readonly [string, HeaderField])[] {
  const fields = tlpLayouts[shape === 'memory32' && long ? 'memory64' : shape];
  return Object.entries({ ...tlpCommonLayout, ...fields });
}

/** The header's 12 or 16 bytes. */
export function encodeTlpHeader(header: TlpHeader): Uint8Array {
  const row: TlpTypeRow = tlpTypes[header.type];
  const long = isLong(header);
  const address = 'address' in header ? header.address : 0;
  const values: Values = {
    ...(header as unknown as Values),
    format: (long ? FOUR_WORDS : 0) | (row.data ? WITH_DATA : 0),
    typeCode: row.code | ('routing' in header ? header.routing : 0),
    addressHigh: Math.floor(address / HIGH),
    addressLow: (address % HIGH) / 4,
  };
  const bytes = new Uint8Array(tlpHeaderBytes(header));
  const view = new DataView(bytes.buffer);
  for (const [name, part] of layoutOf(row, long)) {
    const offset = part.word * 4;
    view.setUint32(offset, (view.getUint32(offset) | place(part, values[name] ?? 0)) >>> 0);
  }
  return bytes;
}

/** The header that `bytes` begin with, or undefined: too few, or of a type that is not modelled. */
export function decodeTlpHeader(bytes: Uint8Array): TlpHeader | undefined {
  if (bytes.length < 12) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = (part: HeaderField): number => extract(part, view.getUint32(part.word * 4));
  const format = read(tlpCommonLayout.format);
  const long = (format & FOUR_WORDS) !== 0;
  const type = typeOf(format, read(tlpCommonLayout.typeCode));
  if (type === undefined || (long && bytes.length < 16)) {
    return undefined;
  }
  const row: TlpTypeRow = tlpTypes[type];
  const values = Object.fromEntries(
    layoutOf(row, long).map(([name, part]) => [name, read(part)] as const),
  );
  return { type, ...valuesOf(row, values) } as unknown as TlpHeader;
}

/** Only messages, and memory requests of 64 bits, have four double words. */
function typeOf(format: number, code: number): TlpType | undefined {
  const data = (format & WITH_DATA) !== 0;
  const long = (format & FOUR_WORDS) !== 0;
  const found = Object.entries(tlpTypes).find(([, row]) => {
    const isMessage = row.shape === 'message';
    const significant = isMessage ? code & ~ROUTING : code;
    const isFormat = row.shape === 'memory32' || long === isMessage;
    return row.data === data && row.code === significant && isFormat;
  });
  return format > 3 ? undefined : (found?.[0] as TlpType | undefined);
}

/** What the fields stand for. Attributes that are 0 are left out. */
function valuesOf({ shape, data, flow }: TlpTypeRow, read: Values): Values {
  const { format: _, typeCode, addressHigh = 0, addressLow, ...rest } = read;
  const values = Object.fromEntries(
    Object.entries(rest).filter(
      ([name, value]) => value !== 0 || !(name in tlpCommonLayout || name === 'countModified'),
    ),
  );
  const hasLength = data || flow === 'non-posted';
  return {
    ...values,
    length: hasLength ? read.length || LARGEST.length : 0,
    ...(shape === 'completion' ? { byteCount: read.byteCount || LARGEST.byteCount } : {}),
    ...(shape === 'message' ? { routing: typeCode & ROUTING } : {}),
    ...(addressLow === undefined ? {} : { address: addressHigh * HIGH + addressLow * 4 }),
  };
}
