/** How guests shared the GPU, stack by stack: a row for each guest, and a chart of the GPU's time. */
import type { CompareReport, GuestReport, StackReport } from '@doorbell/lab';
import { renderTable } from '@doorbell/lab/text';
import { formatNumber, formatTimes } from './quantity.ts';
import type { Colors, Terminal } from './terminal.ts';

/** Eighths of a cell. */
const BARS = ' ▁▂▃▄▅▆▇█';
/** More guests than this have a table that nobody reads to its end. */
const MOST_ROWS = 16;

/** Empty, when no stack has several guests. */
export function sharingText({ stacks }: CompareReport, terminal: Terminal): string {
  return stacks
    .filter(({ guests }) => guests.length > 1)
    .map((stack) => stackText(stack, terminal))
    .join('\n\n');
}

function stackText(stack: StackReport, { columns, colors }: Terminal): string {
  const { guests, id } = stack;
  const shown = guests.slice(0, MOST_ROWS);
  const table = renderTable(
    [header(colors), ...rows(shown)],
    ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right'],
  );
  const left = guests.length - shown.length;
  return [
    `${colors.bold(id)} ${colors.dim(`shared by ${guests.length} guests: ${fairness(stack)}`)}`,
    ...table,
    ...chart(stack, shown, columns, colors),
    ...(left > 0 ? [colors.dim(`and ${left} more; all are in the JSON`)] : []),
    ...guests.flatMap(({ name, error }) =>
      error === undefined ? [] : [colors.red(`${name} gave up: ${error}`)],
    ),
  ].join('\n');
}

function fairness({ sharing, options, name }: StackReport): string {
  if (name === 'passthrough') {
    return 'each has a GPU of its own';
  }
  if (sharing === null) {
    return 'no virtual time';
  }
  const index = `Jain's index ${formatNumber(sharing.jain)}`;
  const { scheduler } = options;
  return sharing.windowNs === 0
    ? `${scheduler}, ${index}; they never all drew at once`
    : `${scheduler}, ${index} while all drew (${formatTimes([sharing.windowNs])[0]})`;
}

function header({ dim }: Colors): string[] {
  const titles = ['guest', 'draws', 'share', 'due', 'frame p50', 'p99', 'waited', 'had it'];
  return titles.map((title) => dim(title));
}

function rows(guests: readonly GuestReport[]): string[][] {
  const p50 = formatTimes(guests.map(({ p50Ns }) => p50Ns));
  const p99 = formatTimes(guests.map(({ p99Ns }) => p99Ns));
  const waited = formatTimes(guests.map(({ waitsNs }) => waitsNs.schedule ?? 0));
  const busy = formatTimes(guests.map(({ busyNs }) => busyNs));
  return guests.map(({ name, scene, share, due }, index) => [
    ...[name, scene, percent(share), percent(due)],
    ...[p50[index], p99[index], waited[index], busy[index]],
  ]);
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

/** A line for each guest: how much of each moment it had the engines. */
function chart(
  { sharing }: StackReport,
  guests: readonly GuestReport[],
  columns: number,
  { dim, cyan }: Colors,
): string[] {
  if (sharing === null) {
    return [];
  }
  const { busy, binNs, fromNs } = sharing.timeline;
  const margin = Math.max(...guests.map(({ name }) => name.length)) + 1;
  const room = columns - margin;
  const lines = guests.map(({ name }, index) => {
    const cells = busy[index].map((part) => BARS[Math.min(8, Math.ceil(part * 8))]).join('');
    return `${name.padEnd(margin)}${cyan(cells.slice(0, room))}`;
  });
  const [to] = formatTimes([binNs * (busy[0]?.length ?? 0)]);
  const title = `the GPU's time, ${to} from ${formatTimes([fromNs])[0]} on:`;
  return [dim(title), ...lines];
}
