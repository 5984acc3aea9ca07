/** What `doorbell explain` says, for people. */
import { findBug, causeRow, type Cause, type Explanation } from '@doorbell/lab';
import { wrap } from '@doorbell/lab/text';
import type { Terminal } from './terminal.ts';

/** A run with what is said of it. */
export interface ExplainedRun {
  readonly stack: string;
  readonly scene: string;
  readonly bug: string | null;
  readonly explanation: Explanation;
}

const INDENT = 11;
/** Of a driver that looks by itself once it has waited for long. */
const WENT_ON =
  'Nothing. It went on once its time limit had passed, and waited so again and again.';
/** Longer lines are hard to read. */
export const MOST_COLUMNS = 100;

export function explanationText(
  { stack, scene, bug, explanation: { stuck, causes, error } }: ExplainedRun,
  { colors, columns }: Terminal,
): string {
  const width = Math.min(columns, MOST_COLUMNS);
  const state = stuck ? colors.red('stuck') : colors.green('not stuck');
  const broken = bug === null ? [] : [wrap(findBug(bug).title, width, '  ')];
  const lines = [`${stack}, ${scene}: ${state}`, ...broken];
  if (stuck || error !== null) {
    lines.push(entry('It said', error ?? WENT_ON, width));
  }
  if (stuck && causes.length === 0) {
    lines.push('', wrap('Nothing that is known explains it.', width));
  }
  for (const cause of causes) {
    lines.push('', colors.bold(`${cause.id}: ${causeRow(cause.id).title}`));
    lines.push(...rows(cause).map(([name, text]) => entry(name, text, width)));
  }
  return lines.join('\n');
}

function rows({
  what,
  id,
  clause,
  register,
  bit,
  row,
  event,
  step,
  mend,
}: Cause): [string, string][] {
  const place = `${register}${bit === null ? '' : `, bit ${bit}`}`;
  return [
    ['Here', what],
    ['Why', causeRow(id).doc],
    ['Clause', clause],
    ...(register === null ? [] : [['Register', `${place}: ${row}`] as [string, string]]),
    [
      'Step',
      event === null
        ? 'Before the first event.'
        : `Event ${step}, ${event.kind}, at ${event.timeNs.toLocaleString('en-US')} ns.`,
    ],
    ['Mend', mend],
  ];
}

/** A name, and text beside it. */
function entry(name: string, text: string, columns: number): string {
  const wrapped = wrap(text, columns, ' '.repeat(INDENT));
  return `  ${name.padEnd(INDENT - 2)}${wrapped.slice(INDENT)}`;
}
