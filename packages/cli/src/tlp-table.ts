/** Packets as a table, and a single header in lines. */
import { completionStatus, formatBdf, messageCodes, tlpTypes, type TlpHeader } from '@doorbell/abi';
import type { Tlp, TlpSummary } from '@doorbell/lab';
import { renderTable, type Align } from '@doorbell/lab/text';
import { formatCount } from './quantity.ts';
import type { Colors } from './terminal.ts';

/** A packet as it is shown, with its number in the run, from 1. */
export interface ShownTlp extends Tlp {
  readonly number: number;
  readonly purpose: string;
}

const columns: readonly (readonly [string, Align])[] = [
  ['#', 'right'],
  ['ns', 'right'],
  ['', 'left'],
  ['type', 'left'],
  ['from', 'left'],
  ['tag', 'right'],
  ['to', 'left'],
  ['BE', 'left'],
  ['DW', 'right'],
  ['what for', 'left'],
];

const arrows = { down: '↓', up: '↑' } as const;

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Who sends it: of a completion that is the completer. */
function sender(header: TlpHeader): string {
  return formatBdf('status' in header ? header.completer : header.requester);
}

/** Where it goes: an address, or a function. A message such as INTx goes to the root complex. */
function target(header: TlpHeader): string {
  if ('address' in header) {
    return hex(header.address);
  }
  if ('register' in header) {
    return formatBdf(header.completer);
  }
  return 'status' in header ? formatBdf(header.requester) : '';
}

function enables(header: TlpHeader): string {
  return 'firstBe' in header ? `${header.firstBe.toString(16)}/${header.lastBe.toString(16)}` : '';
}

/** Only what is answered, and the answers, have a tag that says something. */
function tagOf({ header, flow }: ShownTlp): string {
  return flow === 'posted' ? '' : `${header.tag}`;
}

function row(packet: ShownTlp): string[] {
  const { header, number, time, direction, purpose } = packet;
  return [
    ...[`${number}`, time.toFixed(0), arrows[direction], header.type, sender(header)],
    ...[tagOf(packet), target(header), enables(header), `${header.length}`, purpose],
  ];
}

/** ↓ is from the root complex to the function. BE: first and last byte enables. */
export function tlpTable(packets: readonly ShownTlp[], colors: Colors): string[] {
  const [head, ...rows] = renderTable(
    [columns.map(([name]) => name), ...packets.map(row)],
    columns.map(([, align]) => align),
  );
  return [colors.bold(head), ...rows];
}

/** Packets and bytes by type, and the part of all bytes on the link that is payload. */
export function summaryText({ rows, total, payloadShare }: TlpSummary, colors: Colors): string[] {
  const cells = ({ packets, payloadBytes, headerBytes, framingBytes }: typeof total): string[] =>
    [packets, payloadBytes, headerBytes, framingBytes].map(formatCount);
  const [head, ...lines] = renderTable(
    [
      ['', 'type', 'packets', 'payload B', 'header B', 'framing B'],
      ...rows.map(({ type, direction, ...counts }) => [arrows[direction], type, ...cells(counts)]),
      ['', 'all', ...cells(total)],
    ],
    ['left', 'left', 'right', 'right', 'right', 'right'],
  );
  const share = `payload: ${(payloadShare * 100).toFixed(1)} % of the bytes on the link`;
  return [colors.bold(head), ...lines, share];
}

// ---------------------------------------------------------------------------------- one header

const statusNames = new Map<number, string>(
  Object.entries(completionStatus).map(([name, { code, doc }]) => [code, `${name}: ${doc}`]),
);
const messageNames = new Map<number, string>(
  Object.entries(messageCodes).map(([name, code]) => [code, name]),
);

/** How fields are written that are more than a number. */
const shown: Readonly<Record<string, (value: number) => string>> = {
  requester: formatBdf,
  completer: formatBdf,
  address: hex,
  lowerAddress: hex,
  register: (value) => `${value} (offset ${hex(value * 4)})`,
  firstBe: (value) => `${value.toString(2).padStart(4, '0')}b`,
  lastBe: (value) => `${value.toString(2).padStart(4, '0')}b`,
  status: (value) => `${value} ${statusNames.get(value) ?? ''}`.trimEnd(),
  code: (value) => `${hex(value)} ${messageNames.get(value) ?? ''}`.trimEnd(),
  length: (value) => `${value} DW`,
};

export function headerText({ type, ...fields }: TlpHeader): string {
  const { flow, doc } = tlpTypes[type];
  const lines = Object.entries(fields).map(
    ([name, value]) => `  ${name.padEnd(13)} ${shown[name]?.(value) ?? `${value}`}`,
  );
  return [`${type} (${flow}): ${doc}`, ...lines].join('\n');
}
