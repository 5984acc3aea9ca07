/** What `doorbell check` says. */
import type { CheckInfo } from '@doorbell/coursework';
import type { CheckedPart, CheckReport } from '@doorbell/coursework/node';
import { wrap } from '@doorbell/lab/text';
import type { Terminal } from './terminal.ts';

/** Each check with its clause and what it asks. */
export function clausesText(checks: readonly CheckInfo[]): string {
  return checks.map(({ id, clause, title }) => `${id}\n  ${clause}\n  ${title}`).join('\n');
}

/** Failures first, then what was skipped, then the counts. */
export function reportsText(
  part: CheckedPart,
  reports: readonly CheckReport[],
  terminal: Terminal,
): string {
  const failed = reports.filter(({ status }) => status === 'failed');
  const texts = failed.map((report) => failureText(report, terminal));
  return [...texts, summaryText(part, reports, terminal)].join('\n');
}

/** A check that failed, and an empty line. */
export function failureText(report: CheckReport, terminal: Terminal): string {
  return failureLines(report, terminal).join('\n');
}

/** What was skipped, then the counts. */
export function summaryText(
  { name, part }: CheckedPart,
  reports: readonly CheckReport[],
  { colors }: Terminal,
): string {
  const of = (wanted: CheckReport['status']): readonly CheckReport[] =>
    reports.filter(({ status }) => status === wanted);
  const [failed, skipped, passed] = [of('failed'), of('skipped'), of('passed')];
  const counts = `${part} ${name}: ${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`;
  return [
    ...skippedLines(skipped, { colors }),
    failed.length > 0 ? colors.red(counts) : colors.green(counts),
  ].join('\n');
}

function failureLines(report: CheckReport, { colors, columns }: Terminal): string[] {
  const { id, clause, title, expected, seen, why, step, trace, picture } = report;
  const line = (what: string, text: string): string[] => {
    const [first = '', ...more] = wrap(text, Math.max(20, columns - 11)).split('\n');
    return [`  ${what.padEnd(9)}${first}`, ...more.map((rest) => `${' '.repeat(11)}${rest}`)];
  };
  return [
    `${colors.red('failed')} ${colors.bold(id)}`,
    ...line('asked', `${title} (${clause})`),
    ...(expected === null || expected === title ? [] : line('expected', expected)),
    ...line('seen', seen ?? ''),
    ...(why === null ? [] : line('why', why)),
    ...(trace === null
      ? []
      : // In one line each, to be copied.
        [`  step     npx doorbell step ${trace} --script 'go ${step ?? 0}; where'`]),
    ...(picture === null ? [] : [`  picture  ${picture}`]),
    '',
  ];
}

/** One line for each reason. */
function skippedLines(
  skipped: readonly CheckReport[],
  { colors }: Pick<Terminal, 'colors'>,
): string[] {
  const byReason = new Map<string, string[]>();
  for (const { id, seen } of skipped) {
    const reason = seen ?? '';
    byReason.set(reason, [...(byReason.get(reason) ?? []), id]);
  }
  const lines = [...byReason].map(
    ([reason, ids]) =>
      `${colors.yellow('skipped')} ${ids[0]}${ids.length > 1 ? ` and ${ids.length - 1} more` : ''}: ${reason}`,
  );
  return lines.length === 0 ? [] : [...lines, ''];
}
