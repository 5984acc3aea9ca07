/** What `doorbell grade` says. */
import { labName, type Grade, type GroupGrade, type Lab } from '@doorbell/coursework';
import type { CheckReport } from '@doorbell/coursework/node';
import { wrap } from '@doorbell/lab/text';
import type { Terminal } from './terminal.ts';

/** What one handed in. */
export interface Submission {
  readonly name: string;
  /** Undefined: it is no part that the lab asks for, and `why` says what it is. */
  readonly grade: Grade | undefined;
  readonly why: string | null;
  readonly checks: readonly CheckReport[];
}

/** How many checks of a group are named. */
const NAMED = 3;

/** Each group with its points; of those that are open, what is missing. */
export function gradeText(
  lab: Lab,
  { name, grade, why }: Submission,
  { colors, columns }: Terminal,
): string {
  const head = colors.bold(`${labName(lab)}, ${lab.title}: ${name}`);
  if (grade === undefined) {
    return `${head}\n${colors.red('  not graded:')} ${why ?? ''}`;
  }
  const lines = grade.groups.flatMap((group) => {
    const { title, points, score } = group;
    const earned = `${String(score).padStart(5)} of ${String(points).padStart(3)}`;
    const line = `${score === points ? colors.green(earned) : colors.yellow(earned)}  ${title}`;
    return score === points ? [line] : [line, ...openLines(group, columns)];
  });
  const total = `${String(grade.score).padStart(5)} of ${String(grade.max).padStart(3)}  together`;
  return [head, ...lines, colors.bold(total)].join('\n');
}

function openLines({ checks, open }: GroupGrade, columns: number): string[] {
  const indent = ' '.repeat(14);
  const more = open.length > NAMED ? ` and ${open.length - NAMED} more` : '';
  const text = `${checks - open.length} of ${checks} checks pass; not ${open.slice(0, NAMED).join(', ')}${more}`;
  return wrap(text, Math.max(20, columns - indent.length))
    .split('\n')
    .map((line) => `${indent}${line}`);
}

/** Of a class: who has how much. */
export function classText(submissions: readonly Submission[], { colors }: Terminal): string {
  const rows = submissions.map(({ name, grade }) =>
    grade === undefined
      ? `${'–'.padStart(5)}         ${name}`
      : `${String(grade.score).padStart(5)} of ${String(grade.max).padStart(3)}  ${name}`,
  );
  return [colors.bold('All submissions'), ...rows].join('\n');
}
