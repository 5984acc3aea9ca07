/** The page that `doorbell trace diff` prints. */
import {
  requestCounts,
  type CallDifference,
  type Difference,
  type RequestDifference,
  type TraceDifference,
  type Work,
} from '@doorbell/lab';
import { renderTable, wrap } from '@doorbell/lab/text';
import { formatCount, formatTimes } from './quantity.ts';
import type { Terminal } from './terminal.ts';

/** Calls one by one that fit on a page below the kinds of calls. */
const SHOWN = 10;

interface Names {
  readonly a: string;
  readonly b: string;
}

export function differenceText(
  { calls, requests }: TraceDifference,
  names: Names,
  terminal: Terminal,
): string {
  const { colors } = terminal;
  const differing = requests.filter(differs);
  const lines = [
    `a: ${names.a}`,
    `b: ${names.b}`,
    '',
    ...callTable(calls, terminal),
    '',
    ...calls.filter(differs).map((call) => whatDiffers(callName(call.call), call, terminal)),
  ];
  if (differing.length > 0) {
    lines.push('', colors.bold('The calls that differ most'), ...requestTable(differing, terminal));
  }
  if (differing.length > SHOWN) {
    lines.push(`${formatCount(differing.length - SHOWN)} more: --json -`);
  }
  return lines.join('\n');
}

function callName(call: string): string {
  return call === '' ? 'before any call' : call;
}

function callTable(calls: readonly CallDifference[], { colors }: Terminal): string[] {
  const times = formatTimes(calls.flatMap(({ a, b }) => [a.virtualNs, b.virtualNs]));
  const head = ['call', 'times', 'a', 'b', 'b - a', 'exits a', 'exits b'];
  const rows = calls.map(({ call, requests, a, b }, index) => [
    callName(call),
    formatCount(requests),
    times[2 * index],
    times[2 * index + 1],
    signedTime(b.virtualNs - a.virtualNs),
    formatCount(a.exits),
    formatCount(b.exits),
  ]);
  return renderTable(
    [head.map((name) => colors.dim(name)), ...rows],
    ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
  );
}

function requestTable(requests: readonly RequestDifference[], terminal: Terminal): string[] {
  const { colors } = terminal;
  const rows = requests
    .slice(0, SHOWN)
    .map((request) => [
      String(request.request),
      callName(request.call),
      signedTime(request.b.virtualNs - request.a.virtualNs),
      request.missing === undefined ? brief(request) : `not in ${request.missing}`,
    ]);
  return renderTable(
    [['request', 'call', 'b - a', ''].map((name) => colors.dim(name)), ...rows],
    ['right', 'left', 'right', 'left'],
  );
}

function differs({ a, b }: Difference): boolean {
  return a.virtualNs !== b.virtualNs || changes(a, b).length > 0;
}

/** `wait: exits 0 → 120 (mmio-write 60, injection 60), interrupts 60 → 0` */
function whatDiffers(name: string, { a, b }: Difference, terminal: Terminal): string {
  const text = changes(a, b).join(', ');
  return wrap(`${name}: ${text === '' ? 'time alone' : text}`, terminal.columns);
}

function brief({ a, b }: Difference): string {
  const [some = 'time alone', more] = changes(a, b, false);
  return more === undefined ? some : `${some}, ${more}`;
}

const words: Readonly<Record<(typeof requestCounts)[number], string>> = {
  exits: 'exits',
  accesses: 'accesses',
  dma: 'DMA transfers',
  dmaBytes: 'DMA bytes',
  interrupts: 'interrupts',
  injections: 'injections',
  copiedBytes: 'bytes copied',
  kicks: 'kicks',
};

function changes(a: Work, b: Work, withReasons = true): string[] {
  return requestCounts
    .filter((name) => a[name] !== b[name])
    .map((name) => {
      const change = `${words[name]} ${formatCount(a[name])} → ${formatCount(b[name])}`;
      return name === 'exits' && withReasons ? `${change} (${reasons(a, b)})` : change;
    });
}

function reasons(a: Work, b: Work): string {
  const names = Object.keys(a.exitsByReason) as (keyof Work['exitsByReason'])[];
  return names
    .filter((name) => a.exitsByReason[name] !== b.exitsByReason[name])
    .map((name) => `${name} ${a.exitsByReason[name]} → ${b.exitsByReason[name]}`)
    .join(', ');
}

function signedTime(ns: number): string {
  const [text = ''] = formatTimes([Math.abs(ns)]);
  return ns === 0 ? '0' : `${ns < 0 ? '-' : '+'}${text}`;
}
