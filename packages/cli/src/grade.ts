/** `doorbell grade`: what parts earn in a lab. */
import {
  findLab,
  gradeOf,
  labChecks,
  labName,
  labs,
  type GroupGrade,
  type Lab,
} from '@doorbell/coursework';
import { Checker, type CheckReport } from '@doorbell/coursework/node';
import { Argument, type Command } from 'commander';
import { wholeNumber } from './argument.ts';
import { checkWithProgress } from './checked-part.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { classText, gradeText, type Submission } from './grade-text.ts';
import { onInterrupt } from './interrupt.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { checkFolder } from './picture-files.ts';
import { terminalOf } from './terminal.ts';
import type { Act } from './verb.ts';

interface GradeOptions {
  readonly out: string;
  readonly patience: number;
  readonly json?: string;
}

const helpText = `
A submission is a package, or a TypeScript file, as for 'doorbell check'; a kind is the project's own.
Points of a group are earned when all of its checks pass. What is handed in runs with your rights.

Labs:
${labs.map((lab) => `  ${labName(lab).padEnd(8)} ${lab.title}; ${lab.handout}`).join('\n')}`;

export function defineGrade(command: Command, act: Act): void {
  command
    .addArgument(new Argument('<lab>', 'which lab').choices(labs.map(labName)))
    .argument('<submission...>', 'folders or files')
    .option('--out <folder>', 'where traces and pictures of failures go', 'doorbell-grade')
    .option('--patience <s>', 'how long one check may take', wholeNumber(1, 3600), 20)
    .option('--json <file>', 'write the results as JSON; - is stdout')
    .addHelpText('after', helpText)
    .action(act(runGrade));
}

async function runGrade(
  name: string,
  targets: readonly string[],
  { out, patience, json }: GradeOptions,
): Promise<ExitCode> {
  checkJsonTarget(json);
  checkFolder(out);
  const lab = findLab(name);
  if (lab === undefined) {
    throw new Failure(exitCodes.BAD_INPUT, `There is no lab '${name}'.`);
  }
  const terminal = terminalOf(process.stdout);
  const interrupt = onInterrupt();
  const checker = new Checker(patience * 1000);
  const submissions: Submission[] = [];
  try {
    for (const target of targets) {
      const submission = await gradeOne(checker, lab, target, out, interrupt.signal);
      submissions.push(submission);
      if (json !== TO_STDOUT) {
        process.stdout.write(`${gradeText(lab, submission, terminal)}\n`);
      }
    }
  } finally {
    interrupt.release();
    checker.close();
  }
  if (json !== TO_STDOUT && submissions.length > 1) {
    process.stdout.write(`${classText(submissions, terminal)}\n`);
  }
  if (json !== undefined) {
    writeJson(json, jsonReport(lab, submissions));
  }
  const isAll = submissions.every(({ grade }) => grade !== undefined && grade.score === grade.max);
  return isAll ? exitCodes.DONE : exitCodes.CHECK_FAILED;
}

/** What cannot be graded is said, and the others go on. */
async function gradeOne(
  checker: Checker,
  lab: Lab,
  target: string,
  out: string,
  signal: AbortSignal,
): Promise<Submission> {
  try {
    const { reports } = await checkWithProgress(
      checker,
      { target, kind: lab.kind, out, choose: (checks) => labChecks(lab, checks) },
      signal,
    );
    return { name: target, grade: gradeOf(lab, reports), why: null, checks: reports };
  } catch (error) {
    if (error instanceof Error && error.name === 'InputError') {
      return { name: target, grade: undefined, why: error.message, checks: [] };
    }
    throw error;
  }
}

export interface GradeReport {
  readonly schema: 'doorbell.grade/1';
  /** The lab. */
  readonly rubric: string;
  readonly submissions: readonly {
    /** As it was given. */
    readonly name: string;
    readonly score: number;
    readonly max: number;
    /** What is refused is no part that the lab asks for. */
    readonly status: 'graded' | 'refused';
    /** Of one that is refused. */
    readonly why: string | null;
    readonly groups: readonly GroupGrade[];
    readonly checks: readonly CheckReport[];
  }[];
}

function jsonReport(lab: Lab, submissions: readonly Submission[]): GradeReport {
  const max = lab.groups.reduce((sum, { points }) => sum + points, 0);
  return {
    schema: 'doorbell.grade/1',
    rubric: labName(lab),
    submissions: submissions.map(({ name, grade, why, checks }) => ({
      ...{ name, score: grade?.score ?? 0, max },
      ...{ status: grade === undefined ? 'refused' : 'graded', why },
      ...{ groups: grade?.groups ?? [], checks },
    })),
  };
}
