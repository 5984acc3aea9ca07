/** The table of a comparison: a row per figure, a column per stack. */
import { phases, type CompareReport, type CountsReport, type StackReport } from '@doorbell/lab';
import { renderTable } from '@doorbell/lab/text';
import { formatBytes, formatCount, formatNumber, formatTimes } from './quantity.ts';
import type { Colors, Terminal } from './terminal.ts';

interface Row {
  readonly label: string;
  /** One for each stack. */
  readonly cells: readonly string[];
  /** A part of the row above that is not indented. */
  readonly part?: boolean;
  /** Left out beside stacks of which none has any of it. */
  readonly rare?: boolean;
}

const NOTHING = '–';
const GAP = 3;
/** A cost is worth a row when it is this part of some stack's busy time. */
const WORTH_A_ROW = 0.02;
const MOST_COSTS = 7;

/** At most `terminal.columns` wide: stacks that do not fit beside the others stand below them. */
export function comparisonTable(report: CompareReport, { columns, colors }: Terminal): string {
  const { stacks } = report;
  const head = header(stacks);
  const spacer: Row = { label: '', cells: stacks.map(() => '') };
  const sections = [counts(stacks), times(report), costs(stacks), wall(stacks)];
  const body = sections.flatMap((section) => [spacer, ...section]);
  return blocks([...head, ...body], stacks.length, columns)
    .map((block) => renderBlock(head, body, block, colors).join('\n'))
    .join('\n\n');
}

// -------------------------------------------------------------------------------- sections

/** A stack's name, and below it the options that are not at their defaults. */
function header(stacks: readonly StackReport[]): Row[] {
  const parts = stacks.map(({ id }) => id.split(':'));
  const height = Math.max(...parts.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => ({
    label: '',
    cells: parts.map((names) => names[line] ?? ''),
  }));
}

function countRow(label: string, values: readonly number[], part = false): Row {
  return { label, cells: values.map(formatCount), part };
}

function rare(row: Row): Row {
  return { ...row, rare: true };
}

/** Counts that most stacks have no use for: a row only where one is not zero. */
const occasional: readonly (readonly [string, keyof CountsReport & PlainCount])[] = [
  ['injections', 'injections'],
  ['hypercalls', 'hypercalls'],
  ['kicks', 'kicks'],
  ['notifications spared', 'suppressedNotifications'],
  ['descriptors', 'descriptors'],
  ['shadow updates', 'shadowUpdates'],
  ['commands read first', 'commandsScanned'],
  ['commands refused', 'commandsRefused'],
  ['context switches', 'contextSwitches'],
  ['hangs', 'hangs'],
  ['IOMMU faults', 'iommuFaults'],
];
type PlainCount = {
  [K in keyof CountsReport]: CountsReport[K] extends number ? K : never;
}[keyof CountsReport];

function counts(stacks: readonly StackReport[]): Row[] {
  const all = stacks.map((stack) => stack.counts);
  const of = (name: PlainCount): number[] => all.map((each) => each[name]);
  const machine = [
    countRow('exits', of('exits')),
    ...exitRows(all),
    countRow('direct accesses', of('directAccesses')),
    countRow('interrupts', of('interrupts')),
  ];
  return [
    ...machine.map((row) => ofMachines(row, stacks)),
    ...occasional
      .filter(([, name]) => of(name).some((count) => count > 0))
      .map(([label, name]) => rare(countRow(label, of(name)))),
    ...commandRows(all),
    { label: 'IOTLB hit rate', cells: all.map(hitRate) },
    { label: 'bytes by DMA', cells: formatBytes(of('bytesDma')) },
    { label: 'bytes copied', cells: formatBytes(of('bytesCopied')) },
    ...(of('bytesMirrored').some((bytes) => bytes > 0)
      ? [
          { label: 'bytes mirrored', cells: formatBytes(of('bytesMirrored')) },
          { label: 'bytes on the wire', cells: formatBytes(of('bytesOnWire')) },
        ]
      : []),
  ];
}

/** A row that means something only where there is a machine around the pair. */
function ofMachines(row: Row, stacks: readonly StackReport[]): Row {
  const isKept = (index: number): boolean => stacks[index].time.virtualNs !== null;
  return { ...row, cells: row.cells.map((cell, index) => (isKept(index) ? cell : NOTHING)) };
}

/** Commands of virtio-gpu: all of them, and those types that are many. */
function commandRows(all: readonly CountsReport[]): Row[] {
  const totals = all.map(({ commands }) => sum(Object.values(commands)));
  if (totals.every((total) => total === 0)) {
    return [];
  }
  const types = [...new Set(all.flatMap(({ commands }) => Object.keys(commands)))];
  const many = types
    .map((type) => ({ type, values: all.map(({ commands }) => commands[type] ?? 0) }))
    .filter(({ values }) => values.some((value, index) => value > WORTH_A_ROW * totals[index]));
  const others = totals.map((total, index) => total - sum(many.map(({ values }) => values[index])));
  return [
    countRow('commands', totals),
    ...many.map(({ type, values }) => countRow(type, values, true)),
    ...(others.some((count) => count > 0) ? [countRow('all else', others, true)] : []),
  ].map(rare);
}

function exitRows(all: readonly CountsReport[]): Row[] {
  const reasons = [...new Set(all.flatMap(({ exitsByReason }) => Object.keys(exitsByReason)))];
  const rows = reasons
    .map((reason) => ({
      reason,
      values: all.map(({ exitsByReason }) => exitsByReason[reason] ?? 0),
    }))
    .filter(({ values }) => values.some((value) => value > 0))
    .map(({ reason, values }) => rare(countRow(reason, values, true)));
  if (rows.length === 0) {
    return [];
  }
  const later = all.map(({ exitsAfterInit }) => sum(Object.values(exitsAfterInit)));
  return [...rows, countRow('exits after init', later)];
}

function hitRate({ iotlbHits, iotlbMisses }: CountsReport): string {
  const lookups = iotlbHits + iotlbMisses;
  return lookups === 0 ? NOTHING : `${((100 * iotlbHits) / lookups).toFixed(1)} %`;
}

function times({ stacks, scene }: CompareReport): Row[] {
  const total = stacks.map(({ time }) => time.virtualNs);
  const perFrame = total.map((ns) => (ns === null ? null : ns / scene.frames));
  const parts = phases
    .map((phase) => ({ phase, values: stacks.map(({ time }) => time.byPhase[phase]) }))
    .filter(({ values }) => values.some((value) => value > 0));
  const setup = stacks.map(({ time }) => time.setupNs);
  /** A phase has no virtual time where none is kept. */
  const kept = (values: readonly number[]): string[] =>
    timesOrNothing(values.map((value, index) => (total[index] === null ? null : value)));
  return [
    ...(setup.some((ns) => ns > 0) ? [{ label: 'set up before', cells: kept(setup) }] : []),
    { label: 'virtual time', cells: timesOrNothing(total) },
    { label: 'per frame', cells: timesOrNothing(perFrame), part: true },
    { label: '× native', cells: stacks.map(relative), part: true },
    ...parts.map(({ phase, values }) => ({
      label: `in ${phase}`,
      cells: kept(values),
      part: true,
    })),
  ];
}

function timesOrNothing(values: readonly (number | null)[]): string[] {
  const formatted = formatTimes(values.map((value) => value ?? 0));
  return values.map((value, index) => (value === null ? NOTHING : formatted[index]));
}

function relative({ time }: StackReport): string {
  return time.relativeToNative === null ? NOTHING : `${formatNumber(time.relativeToNative)} ×`;
}

/** Busy time by cost: the largest ones, and the sum of the others. */
function costs(stacks: readonly StackReport[]): Row[] {
  const tables = stacks.map(({ time }) => time.byCost);
  const totals = tables.map((table) => sum(Object.values(table)));
  const names = [...new Set(tables.flatMap((table) => Object.keys(table)))];
  const shareOf = (name: string): number =>
    Math.max(...tables.map((table, index) => (table[name] ?? 0) / (totals[index] || 1)));
  const shown = names
    .filter((name) => shareOf(name) >= WORTH_A_ROW)
    .sort((a, b) => shareOf(b) - shareOf(a))
    .slice(0, MOST_COSTS);
  const shownSums = tables.map((table) => sum(shown.map((name) => table[name] ?? 0)));
  const rest = totals.map((total, index) => total - shownSums[index]);
  const rows: Row[] = [
    { label: 'busy time, overlap included', cells: formatTimes(totals) },
    ...shown.map((name) => ({
      label: name,
      cells: formatTimes(tables.map((table) => table[name] ?? 0)),
      part: true,
    })),
    ...(rest.some((ns) => ns > 0)
      ? [{ label: 'all else', cells: formatTimes(rest), part: true }]
      : []),
  ];
  return rows.map((row) => ofMachines(row, stacks));
}

function wall(stacks: readonly StackReport[]): Row[] {
  return [{ label: 'wall time', cells: formatTimes(stacks.map(({ time }) => time.wallMs * 1e6)) }];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

// -------------------------------------------------------------------------------- layout

function labelOf({ label, part }: Row): string {
  return part === true ? `  ${label}` : label;
}

/** Which stacks stand beside each other: as many as fit, at least one. */
function blocks(rows: readonly Row[], stacks: number, columns: number): number[][] {
  const labels = Math.max(...rows.map((row) => labelOf(row).length));
  const made: number[][] = [];
  let width = Infinity;
  for (let stack = 0; stack < stacks; stack++) {
    const needed = GAP + Math.max(...rows.map(({ cells }) => cells[stack].length));
    if (width + needed > columns) {
      made.push([]);
      width = labels;
    }
    made.at(-1)?.push(stack);
    width += needed;
  }
  return made;
}

function renderBlock(
  head: readonly Row[],
  body: readonly Row[],
  block: readonly number[],
  colors: Colors,
): string[] {
  const titles = head
    .map(({ cells }) => block.map((stack) => cells[stack]))
    .filter((cells) => cells.some((text) => text !== ''))
    .map((cells) => ['', ...cells.map((text) => (text === '' ? '' : colors.bold(text)))]);
  const shown = body.filter(
    ({ rare, cells }) => rare !== true || block.some((at) => cells[at] !== '0'),
  );
  const figures = shown.map((row) => [
    row.part === true ? colors.dim(labelOf(row)) : labelOf(row),
    ...block.map((stack) => row.cells[stack]),
  ]);
  return renderTable([...titles, ...figures], ['left', ...block.map(() => 'right' as const)]);
}
