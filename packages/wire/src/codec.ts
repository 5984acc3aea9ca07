/** Messages to bytes and back. */
import { viewOf } from '@doorbell/abi';
import { bulkBytes, readBulk, writeBulk } from './bulk-payload.ts';
import { packControl, unpackControl } from './control-payload.ts';
import type { Fields, FieldValues } from './field.ts';
import { type Header, HEADER_BYTES, readHeader, writeHeader } from './header.ts';
import { MAX_MESSAGE_BYTES } from './limits.ts';
import { messages, type MessageName } from './messages.ts';
import { WireError } from './wire-error.ts';

type Table = typeof messages;

export type RequestFields<N extends MessageName> = FieldValues<Table[N]['request']>;
export type ResponseFields<N extends MessageName> = Table[N]['response'] extends Fields
  ? FieldValues<Table[N]['response']>
  : never;

/** Messages that are answered. */
export type AnsweredName = {
  [N in MessageName]: Table[N]['response'] extends null ? never : N;
}[MessageName];

type RequestOf<N extends MessageName> = {
  [K in N]: {
    readonly name: K;
    readonly response: false;
    readonly token: number;
    readonly fields: RequestFields<K>;
  };
}[N];

type ResponseOf<N extends AnsweredName> = {
  [K in N]: {
    readonly name: K;
    readonly response: true;
    readonly token: number;
    readonly fields: ResponseFields<K>;
  };
}[N];

export type Message = RequestOf<MessageName> | ResponseOf<AnsweredName>;

/** Gives memory for one message; what is in it is written over. */
export type Allocate = (bytes: number) => Uint8Array;

const fresh: Allocate = (bytes) => new Uint8Array(bytes);

/** @throws WireError when it is longer than a message may be. */
export function encodeRequest<N extends MessageName>(
  name: N,
  token: number,
  fields: RequestFields<N>,
  allocate = fresh,
): Uint8Array {
  const header = { name, token, response: false };
  return encode(header, messages[name].request, fields, allocate);
}

/** @throws WireError when it is longer than a message may be. */
export function encodeResponse<N extends AnsweredName>(
  name: N,
  token: number,
  fields: ResponseFields<N>,
  allocate = fresh,
): Uint8Array {
  const header = { name, token, response: true };
  return encode(header, messages[name].response, fields, allocate);
}

function encode(header: Header, fields: Fields, values: object, allocate: Allocate): Uint8Array {
  const record = values as Readonly<Record<string, unknown>>;
  const bulk = messages[header.name].payload === 'bulk';
  const payload = bulk ? (record.data as Uint8Array | undefined) : packControl(fields, record);
  const tail = payload?.length ?? 0;
  const message = blank(HEADER_BYTES + (bulk ? bulkBytes(fields, record) : tail), allocate);
  const view = viewOf(message);
  writeHeader(view, header);
  if (bulk) {
    writeBulk(view, fields, record);
  }
  if (payload !== undefined) {
    message.set(payload, message.length - tail);
  }
  return message;
}

/** All but the header may have anything in it. */
function blank(size: number, allocate: Allocate): Uint8Array {
  if (size > MAX_MESSAGE_BYTES) {
    throw new WireError(`A message of ${size} bytes: at most ${MAX_MESSAGE_BYTES}.`);
  }
  return allocate(size).fill(0, 0, HEADER_BYTES);
}

/** An answer to READ whose `data` is to be filled in before it is sent: without a copy. */
export function openReadResponse(
  token: number,
  bytes: number,
  allocate = fresh,
): { readonly message: Uint8Array; readonly data: Uint8Array } {
  const message = blank(HEADER_BYTES + 4 + bytes, allocate);
  const view = viewOf(message);
  writeHeader(view, { name: 'READ', token, response: true });
  view.setUint32(HEADER_BYTES, 0, true); // not refused
  return { message, data: message.subarray(HEADER_BYTES + 4) };
}

/** Bytes that the result carries are views of `message` where it is bulk. @throws WireError */
export function decode(message: Uint8Array): Message {
  const view = viewOf(message);
  const { name, response, token } = readHeader(view);
  const row = messages[name];
  const shape: Fields = (response ? row.response : row.request) ?? {};
  const what = response ? `The answer to ${name}` : name;
  const fields =
    row.payload === 'bulk'
      ? readBulk(what, shape, view)
      : unpackControl(what, shape, message.subarray(HEADER_BYTES));
  const decoded = { name, response, token, fields } as unknown as Message;
  checkFrame(decoded);
  return decoded;
}

function checkFrame(message: Message): void {
  if (message.name === 'FRAME') {
    const { width, height, stride, data } = message.fields;
    if (width === 0 || height === 0 || stride < 4 * width || data.length !== stride * height) {
      throw new WireError(
        `A frame of ${width} x ${height}, ${stride} a row: ${data.length} bytes.`,
      );
    }
  }
}
