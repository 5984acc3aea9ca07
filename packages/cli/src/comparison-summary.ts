/** A comparison at a glance: a line for each stack. The table that follows has all figures. */
import type { CompareReport, StackReport } from '@doorbell/lab';
import { renderTable } from '@doorbell/lab/text';
import { formatCount, formatNumber, formatTimes } from './quantity.ts';
import type { Terminal } from './terminal.ts';

const NOTHING = '–';
/** Longer names would not leave room for the figures in 80 columns. */
const MOST_NAME = 18;

/** '' of one stack, which nothing stands beside. */
export function summaryText({ stacks, scene }: CompareReport, { colors }: Terminal): string {
  if (stacks.length < 2) {
    return '';
  }
  const native = stacks.find(({ name }) => name === 'native');
  const perFrame = formatTimes(stacks.map(({ time }) => (time.virtualNs ?? 0) / scene.frames));
  const head = ['', '× native', 'per frame', 'exits', 'dearest, beside native'];
  const rows = stacks.map((stack, index) => [
    colors.bold(shortened(stack.id)),
    timesNative(stack),
    stack.time.virtualNs === null ? NOTHING : perFrame[index],
    stack.time.virtualNs === null ? NOTHING : formatCount(stack.counts.exits),
    native === undefined ? NOTHING : dearest(stack, native),
  ]);
  const aligns = ['left', 'right', 'right', 'right', 'left'] as const;
  return renderTable([head.map((text) => colors.dim(text)), ...rows], aligns).join('\n');
}

function shortened(id: string): string {
  return id.length <= MOST_NAME ? id : `${id.slice(0, MOST_NAME - 1)}…`;
}

function timesNative({ time: { relativeToNative } }: StackReport): string {
  return relativeToNative === null ? NOTHING : formatNumber(relativeToNative);
}

/** What it spends the most on, of what bare metal does not. */
function dearest({ time }: StackReport, native: StackReport): string {
  const [most] = Object.entries(time.byCost)
    .map(([name, ns]) => ({ name, more: ns - (native.time.byCost[name] ?? 0) }))
    .sort((one, other) => other.more - one.more);
  return most === undefined || most.more <= 0
    ? NOTHING
    : `${most.name} +${formatTimes([most.more])[0]}`;
}
