/** docs/reference/wire.md: the messages between a driver and a device that share no memory. */
import type { Field, Fields } from '../field.ts';
import { messageHeader } from '../header.ts';
import * as limits from '../limits.ts';
import { errorCodes, type MessageRow, messages } from '../messages.ts';

const headerDocs: Readonly<Record<keyof typeof messageHeader.fields, string>> = {
  type: 'Bit 0: an answer. The other bits are 0.',
  id: 'Which message it is.',
  version: `Version of this protocol: ${limits.PROTOCOL_VERSION}.`,
  token: 'Of a request, chosen by its sender; its answer has the same. Of an event 0.',
  length: 'Bytes of the message, header included.',
  reserved: '0.',
};

const kinds: Readonly<Record<Field['kind'], string>> = {
  u32: 'a whole number',
  address: 'a whole number',
  features: 'two numbers, the low and the high 32 bits',
  bytes: 'bytes',
  text: 'text',
  counts: 'a map from text to numbers',
  data: 'all that follows',
  ranges: 'ranges, see below',
};

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

function amount(bytes: number): string {
  return bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20} MiB` : `${bytes} bytes`;
}

const header = table(
  ['Offset', 'Type', 'Field', 'Meaning'],
  (Object.keys(headerDocs) as (keyof typeof headerDocs)[]).map((name) => [
    messageHeader.offsets[name],
    messageHeader.fields[name].type,
    name,
    headerDocs[name],
  ]),
);

/** Bytes of a field in a bulk message; none when it has no fixed size. */
const sizes: Readonly<Partial<Record<Field['kind'], string>>> = { u32: 'u32', address: 'u64' };

function fieldRows(part: string, fields: Fields, bulk: boolean): string[][] {
  return Object.entries(fields).map(([name, { kind, doc, max }]) => [
    part,
    name,
    (bulk ? sizes[kind] : undefined) ?? kinds[kind],
    max === Infinity ? '' : String(max),
    doc,
  ]);
}

function section(name: string, row: MessageRow): string {
  const { id, from, payload, doc, request, response } = row;
  const bulk = payload === 'bulk';
  const first = response === null ? 'event' : 'request';
  const rows = [...fieldRows(first, request, bulk), ...fieldRows('answer', response ?? {}, bulk)];
  const sender = from === 'either' ? 'either side' : `the ${from}`;
  const answered = response === null ? 'an event' : 'a request that is answered';
  const facts = `${hex(id, 2)}, ${payload}; ${answered}, from ${sender}. ${doc}`;
  const fields =
    rows.length === 0 ? [] : [table(['In', 'Field', 'Type', 'At most', 'Meaning'], rows)];
  return [`### ${name}`, facts, ...fields].join('\n\n');
}

const introduction = `A driver and a device that share no memory speak by messages, over a WebSocket or any other
way that keeps messages whole and in order. What registers are elsewhere are requests here; virtqueues
stay virtqueues, in memory of which each side has a copy.

Ids, names and meanings below 0x80 follow the virtio-msg draft, transport revision ${limits.VIRTIO_MSG_REVISION}
(VIRTIO_MSG_REVISION_1 of the Linux patch series "virtio-msg: Add virtio-msg, a message based virtio
transport layer", 2025). The packing is ours: the draft's messages are C structures on a bus. What the
draft's messages do not carry is the memory; the messages from 0x80 on do.`;

const rules = list([
  'A control message has an array in msgpack after its header: the values of its fields, in order. Plain msgpack only: no extensions.',
  'A bulk message has its fields in the sizes that are given, little-endian, without padding; then data or ranges to its end.',
  'Ranges are u32 count, then for each u64 address and u32 length in bytes, then the bytes of all, in order. They are applied together, before anything else is done.',
  'An answer may come after those of later requests. What answers nothing is a violation.',
  'Addresses are IOVAs: as the device reaches memory.',
  "Each publication of an index of a queue (the release of idx, or of a packed descriptor's flags) is a message with all bytes that the sender changed in coherent memory since its last one, whatever the other side asked about notifications. The receiver applies them, counts the message as suppressed if it had asked for none, and looks at the queue in either case.",
  "A side changes only what it owns: descriptors and available entries are the driver's, used entries and the buffers that it may write the device's. Changes are carried to the byte.",
  'UNMAP is answered, so that a driver knows until when changes of freed memory may still come; it drops them.',
  'On a violation a side sends ERROR and closes. The driver then reads DEVICE_NEEDS_RESET; the device is reset, and all that it held for the driver is freed.',
]);

const limitRows = table(
  ['Limit', 'Value'],
  [
    ['A message', amount(limits.MAX_MESSAGE_BYTES)],
    ['A control message', amount(limits.MAX_CONTROL_BYTES)],
    ['One READ or WRITE', amount(limits.MAX_DMA_BYTES)],
    ['READ and WRITE requests under way', limits.MAX_DMA_REQUESTS],
    ['Ranges of a publication', limits.MAX_RANGES],
    ['Coherent ranges', limits.MAX_COHERENT_RANGES],
    ['Bytes of all coherent ranges', amount(limits.MAX_COHERENT_BYTES)],
    ['Other mappings', limits.MAX_MAPPINGS],
    ['Addresses', 'below 2^52'],
  ],
);

const errors = table(
  ['Code', 'Name'],
  Object.entries(errorCodes).map(([name, code]) => [code, name]),
);

export function wirePage(): string {
  const rows = Object.entries<MessageRow>(messages);
  return `${[
    '# Messages between a driver and a device',
    '<!-- Made by `npm run reference` from packages/wire/src. Edit that, not this. -->',
    introduction,
    '## Header',
    'Every message begins with these 16 bytes, little-endian.',
    header,
    '## Rules',
    rules,
    '## Limits',
    'Whoever exceeds one is sent away.',
    limitRows,
    '## Codes of ERROR',
    errors,
    '## Messages',
    ...rows.map(([name, row]) => section(name, row)),
  ].join('\n\n')}\n`;
}
