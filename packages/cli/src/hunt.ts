/** `doorbell hunt`: one of this project's own parts with a bug in it, to be found. */
import { linesOf, mutants, type Mutant, type PartKind } from '@doorbell/coursework';
import { Checker, textOf, type CheckReport, type CheckRequest } from '@doorbell/coursework/node';
import type { Command } from 'commander';
import { wholeNumber } from './argument.ts';
import { checkWithProgress } from './checked-part.ts';
import { reportsText } from './check-text.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { answerText, huntsText, taskText } from './hunt-text.ts';
import { onInterrupt } from './interrupt.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { checkFolder } from './picture-files.ts';
import { terminalOf } from './terminal.ts';
import type { Act } from './verb.ts';

interface HuntOptions {
  readonly only: string;
  readonly out: string;
  readonly guess?: string;
  readonly answer?: true;
  readonly json?: string;
}

/** How long one check may take: some bugs never come back. */
const PATIENCE_MS = 20_000;

const helpText = `
Without a number it lists the hunts. With one it says what is seen, checks the broken part, and
writes a trace of what fails where a machine took part. Nothing of the repository is changed.`;

export interface HuntsReport {
  readonly schema: 'doorbell.hunts/1';
  readonly hunts: readonly HuntTask[];
}

interface HuntTask {
  readonly number: number;
  readonly kind: PartKind;
  /** What is seen. */
  readonly symptom: string;
}

export interface HuntReport extends HuntTask {
  readonly schema: 'doorbell.hunt/1';
  readonly checks: readonly CheckReport[];
}

export function defineHunt(command: Command, act: Act): void {
  command
    .argument('[number]', 'which hunt', wholeNumber(1, mutants.length))
    .option('--only <text>', 'the checks whose id has this in it', '')
    .option('--out <folder>', 'where traces and pictures of failures go', 'doorbell-hunt')
    .option('--guess <file:line>', 'where the bug is: says whether it is')
    .option('--answer', 'what is wrong, where such a bug was made, and the patch')
    .option('--json <file>', 'write the list, or the results, as JSON; - is stdout')
    .addHelpText('after', helpText)
    .action(act(runHunt));
}

async function runHunt(number: number | undefined, options: HuntOptions): Promise<ExitCode> {
  checkJsonTarget(options.json);
  if (number === undefined) {
    return listHunts(options);
  }
  const mutant = mutants[number - 1];
  if (options.guess !== undefined) {
    return tell(mutant, options.guess);
  }
  if (options.answer === true) {
    process.stdout.write(`${answerText(mutant, linesOf(textOf(mutant), mutant))}\n`);
    return exitCodes.DONE;
  }
  checkFolder(options.out);
  return hunt(number, mutant, options);
}

function listHunts({ guess, answer, json }: HuntOptions): ExitCode {
  if (guess !== undefined || answer === true) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      '--guess and --answer are of one hunt: give its number.',
    );
  }
  if (json !== TO_STDOUT) {
    process.stdout.write(`${huntsText(mutants, terminalOf(process.stdout))}\n`);
  }
  if (json !== undefined) {
    const hunts = mutants.map(({ kind, symptom }, index) => ({ number: index + 1, kind, symptom }));
    writeJson<HuntsReport>(json, { schema: 'doorbell.hunts/1', hunts });
  }
  return exitCodes.DONE;
}

/** Whether a bug is where somebody thinks. A file may be named by the end of its path. */
function tell(mutant: Mutant, guess: string): ExitCode {
  const [, file, line] = /^(.+):(\d+)$/.exec(guess) ?? [];
  if (file === undefined || line === undefined) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `--guess is '${guess}', but it takes a file and a line of it, such as split.ts:120.`,
    );
  }
  const path = file.replaceAll('\\', '/').replace(/^\.\//, '');
  const isFile = `/${mutant.file}`.endsWith(`/${path}`) || path.endsWith(`/${mutant.file}`);
  const { first, last } = linesOf(textOf(mutant), mutant);
  if (!isFile || Number(line) < first || Number(line) > last) {
    process.stdout.write(isFile ? 'In that file, and not there.\n' : 'Not in that file.\n');
    return exitCodes.CHECK_FAILED;
  }
  process.stdout.write(`There it is.\n${answerText(mutant, { first, last })}\n`);
  return exitCodes.DONE;
}

/** Checks the broken part. That checks fail is what is wanted of it. */
async function hunt(number: number, mutant: Mutant, options: HuntOptions): Promise<ExitCode> {
  const { json } = options;
  if (json !== TO_STDOUT) {
    process.stdout.write(`${taskText(number, mutant)}\n\n`);
  }
  const interrupt = onInterrupt();
  const checker = new Checker(PATIENCE_MS);
  try {
    const request: CheckRequest = {
      ...{ target: mutant, out: options.out },
      choose: (checks) => checks.filter(({ id }) => id.includes(options.only)),
    };
    const { part, reports } = await checkWithProgress(checker, request, interrupt.signal);
    if (json !== TO_STDOUT && part !== undefined) {
      process.stdout.write(`${reportsText(part, reports, terminalOf(process.stdout))}\n`);
    }
    if (json !== undefined) {
      const { kind, symptom } = mutant;
      writeJson<HuntReport>(json, {
        schema: 'doorbell.hunt/1',
        number,
        kind,
        symptom,
        checks: reports,
      });
    }
    return exitCodes.DONE;
  } finally {
    interrupt.release();
    checker.close();
  }
}
