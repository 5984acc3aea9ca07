/** The Popek-Goldberg report as text. */
import { accessClasses, classOf, type Access } from '../sensitive/access.ts';
import type { Leak } from '../sensitive/leak.ts';
import { placeText, type StackSensitivity } from '../sensitive/report.ts';
import type { TextColors, TextLayout } from './layout.ts';
import { renderTable, type Align } from './table.ts';
import { wrap } from './wrap.ts';

const columns: readonly (readonly [string, Align])[] = [
  ['stack', 'left'],
  ['sensitive', 'right'],
  ['trap', 'right'],
  ['direct, own', 'right'],
  ['time', 'right'],
  ['shared', 'right'],
  ['condition', 'left'],
];

/** Where the meaning of a class begins, and bytes in a line. */
const LEGEND = 13;
const BYTES = 16;

export function sensitiveText(
  stacks: readonly StackSensitivity[],
  shown: { readonly registers: boolean },
  layout: TextLayout,
): string {
  const { colors } = layout;
  const table = renderTable(
    [columns.map(([title]) => colors.bold(title)), ...stacks.map((stack) => row(stack, colors))],
    columns.map(([, align]) => align),
  );
  const parts = stacks.map((stack) => [
    colors.bold(stack.id),
    wrap(stack.reads, layout.columns, '  '),
    ...(shown.registers ? registerTable(stack.registers, colors) : []),
  ]);
  const classes = Object.entries(accessClasses).map(([name, doc]) => {
    const text = wrap(doc, layout.columns, ' '.repeat(LEGEND));
    return `  ${name}`.padEnd(LEGEND) + text.slice(LEGEND);
  });
  const legend = shown.registers ? [['', colors.bold('class'), ...classes].join('\n')] : [];
  return [table.join('\n'), '', ...parts.map((lines) => lines.join('\n')), ...legend].join('\n');
}

function row({ id, holds, accesses }: StackSensitivity, colors: TextColors): string[] {
  const { trapped, own, timing, violating } = accesses;
  if (holds === null) {
    return [id, '–', '–', '–', '–', '–', 'no guest'];
  }
  const counts = [trapped + own + timing + violating, trapped, own, timing, violating];
  return [id, ...counts.map(String), holds ? colors.green('holds') : colors.red('does not hold')];
}

function registerTable(registers: readonly Access[], colors: TextColors): string[] {
  const rows = registers.map((access) => {
    const found = classOf(access);
    const cells = [
      ...[`  ${placeText(access)}`, access.name, access.access, access.sensitive ?? ''],
      found,
    ];
    const isPlain = found === 'absent' || found === 'innocuous';
    const paint = found === 'violating' ? colors.red : isPlain ? colors.dim : String;
    return cells.map(paint);
  });
  return rows.length === 0
    ? []
    : renderTable(
        rows,
        rows[0].map(() => 'left'),
      );
}

/** What one guest saw of another's secret, and what it sees in a part that is sold. */
export function leakText(
  leak: Leak,
  without: Leak,
  { columns: width, colors }: TextLayout,
): string {
  const place = `BAR${leak.bar}+0x${leak.offset.toString(16).padStart(4, '0')}`;
  const text = (part: string): string => wrap(part, width);
  return [
    colors.bold('One guest spies on another'),
    text('Two guests on one GPU, each with a virtual function. The first works on a secret:'),
    bytesText([...leak.secret]),
    text(
      `The second reads ${place} of its own function (LAST_WORD) ${leak.reads} times, ${exitsText(leak)}. What it sees of the secret:`,
    ),
    colors.red(bytesText(leak.seen)),
    text(
      `That is ${seenText(leak)}. In a part without the register, the same program sees ${seenText(without)}.`,
    ),
  ].join('\n');
}

function exitsText({ exits }: Leak): string {
  return exits === 0 ? 'without an exit' : `with ${exits} exits`;
}

function seenText({ seen }: Leak): string {
  return `${seen.filter((byte) => byte !== undefined).length} of its ${seen.length} bytes`;
}

function bytesText(bytes: readonly (number | undefined)[]): string {
  const texts = bytes.map((byte) => byte?.toString(16).padStart(2, '0') ?? '··');
  const lines = Array.from({ length: Math.ceil(bytes.length / BYTES) }, (_, line) =>
    texts.slice(line * BYTES, (line + 1) * BYTES),
  );
  return lines.map((line) => `  ${line.join(' ')}`).join('\n');
}
