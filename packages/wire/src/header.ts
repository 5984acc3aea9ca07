/** The header that begins every message. */
import { struct, u16, u32, u8 } from '@doorbell/abi';
import { MAX_CONTROL_BYTES, MAX_MESSAGE_BYTES, PROTOCOL_VERSION } from './limits.ts';
import { messages, type MessageName } from './messages.ts';
import { WireError } from './wire-error.ts';

/** The draft's header, with wider tokens and lengths, and with the version. */
export const messageHeader = struct('message_header', {
  /** Bit 0: an answer. */
  type: u8,
  id: u8,
  version: u16,
  /** Of a request, chosen by its sender; its answer has the same. Of an event 0. */
  token: u32,
  /** Bytes of the message, header included. */
  length: u32,
  reserved: u32,
});

export const HEADER_BYTES = messageHeader.size;

/** Bit of `type`. */
const RESPONSE = 1;

export interface Header {
  readonly name: MessageName;
  readonly response: boolean;
  readonly token: number;
}

const names = new Map<number, MessageName>(
  Object.entries(messages).map(([name, { id }]) => [id, name as MessageName]),
);

const { type, id, version, token, length, reserved } = messageHeader.offsets;

export function writeHeader(view: DataView, header: Header): void {
  view.setUint8(type, header.response ? RESPONSE : 0);
  view.setUint8(id, messages[header.name].id);
  view.setUint16(version, PROTOCOL_VERSION, true);
  view.setUint32(token, header.token, true);
  view.setUint32(length, view.byteLength, true);
}

/** @throws WireError */
export function readHeader(view: DataView): Header {
  checkEnvelope(view);
  const name = names.get(view.getUint8(id));
  if (name === undefined) {
    throw new WireError(`There is no message 0x${view.getUint8(id).toString(16)}.`);
  }
  const header = { name, response: responds(view, name), token: view.getUint32(token, true) };
  if (messages[name].payload === 'control' && view.byteLength > MAX_CONTROL_BYTES) {
    throw new WireError(`${name} has ${view.byteLength} bytes: at most ${MAX_CONTROL_BYTES}.`);
  }
  return header;
}

function checkEnvelope(view: DataView): void {
  const size = view.byteLength;
  if (size < HEADER_BYTES || size > MAX_MESSAGE_BYTES) {
    throw new WireError(`A message of ${size} bytes: ${HEADER_BYTES} to ${MAX_MESSAGE_BYTES}.`);
  }
  const theirs = view.getUint16(version, true);
  if (theirs !== PROTOCOL_VERSION) {
    throw new WireError(`Protocol version ${theirs}: this end has ${PROTOCOL_VERSION}.`);
  }
  if (view.getUint32(length, true) !== size || view.getUint32(reserved, true) !== 0) {
    throw new WireError(`A message of ${size} bytes says ${view.getUint32(length, true)}.`);
  }
}

function responds(view: DataView, name: MessageName): boolean {
  const bits = view.getUint8(type);
  if (bits > RESPONSE || (bits === RESPONSE && messages[name].response === null)) {
    throw new WireError(`${name} has no type ${bits}.`);
  }
  return bits === RESPONSE;
}
