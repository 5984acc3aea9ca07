/** `doorbell check`: whether a part keeps its contract, clause by clause. */
import { watch, type FSWatcher } from 'node:fs';
import { dirname, join } from 'node:path';
import { checksOf, isKind, partKinds, type CheckInfo } from '@doorbell/coursework';
import { Checker, partFiles, type CheckReport } from '@doorbell/coursework/node';
import type { Command } from 'commander';
import { wholeNumber } from './argument.ts';
import { checkWithProgress } from './checked-part.ts';
import { clausesText, failureText, summaryText } from './check-text.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure, Interrupted } from './failure.ts';
import { aborted, onInterrupt } from './interrupt.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { checkFolder } from './picture-files.ts';
import { terminalOf } from './terminal.ts';
import type { Act } from './verb.ts';

interface CheckOptions {
  readonly only?: string;
  readonly out: string;
  readonly patience: number;
  readonly watch?: true;
  readonly list?: true;
  readonly json?: string;
}

const helpText = `
A target is a package that 'doorbell new' made, or a TypeScript file, whose default export is a part.
A kind (${partKinds.join(', ')}) is the project's own part of that kind.
Of each check that fails it says the clause, what was expected and what was seen, and writes a trace
that 'doorbell step' opens, where a machine took part.`;

export function defineCheck(command: Command, act: Act): void {
  command
    .argument('<target>', 'a folder, a file, or a kind')
    .option('--only <text>', 'the checks whose id has this in it')
    .option('--out <folder>', 'where traces and pictures of failures go', 'doorbell-check')
    .option('--patience <s>', 'how long one check may take; 0: for ever', wholeNumber(0, 3600), 20)
    .option('--watch', 'check again after each change of its files, failures first')
    .option('--list', 'say what is checked, and run nothing')
    .option('--json <file>', 'write the results as JSON; - is stdout')
    .addHelpText('after', helpText)
    .action(act(runCheck));
}

async function runCheck(target: string, options: CheckOptions): Promise<ExitCode> {
  checkJsonTarget(options.json);
  if (options.list === true) {
    return listChecks(target);
  }
  checkFolder(options.out);
  const interrupt = onInterrupt();
  const checker = new Checker(options.patience === 0 ? Infinity : options.patience * 1000);
  try {
    return options.watch === true
      ? await keepChecking(checker, target, options, interrupt.signal)
      : exitCodeOf(await checkOnce(checker, target, options, interrupt.signal, []));
  } finally {
    interrupt.release();
    checker.close();
  }
}

function listChecks(kind: string): ExitCode {
  if (!isKind(kind)) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `--list takes a kind, and '${kind}' is none; there is ${partKinds.join(', ')}.`,
    );
  }
  process.stdout.write(`${clausesText(checksOf(kind))}\n`);
  return exitCodes.DONE;
}

/** @param first  ids of checks that run before the others. */
async function checkOnce(
  checker: Checker,
  target: string,
  { only = '', out, json }: CheckOptions,
  signal: AbortSignal,
  first: readonly string[],
): Promise<readonly CheckReport[]> {
  const choose = (checks: readonly CheckInfo[]): readonly CheckInfo[] => {
    const chosen = checks.filter(({ id }) => id.includes(only));
    return [
      ...chosen.filter(({ id }) => first.includes(id)),
      ...chosen.filter(({ id }) => !first.includes(id)),
    ];
  };
  const terminal = terminalOf(process.stdout);
  const isSaid = json !== TO_STDOUT;
  const onDone = (report: CheckReport): void => {
    if (isSaid && report.status === 'failed') {
      process.stdout.write(`${failureText(report, terminal)}\n`);
    }
  };
  const request = { target, out, choose, onDone };
  const { part, reports } = await checkWithProgress(checker, request, signal);
  if (isSaid && part !== undefined) {
    process.stdout.write(`${summaryText(part, reports, terminal)}\n`);
  }
  if (json !== undefined) {
    writeJson<PartReport>(json, jsonReport(target, reports));
  }
  return reports;
}

/** Until Ctrl-C. */
async function keepChecking(
  checker: Checker,
  target: string,
  options: CheckOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  if (isKind(target)) {
    throw new Failure(exitCodes.BAD_INPUT, `--watch takes a folder or a file, not a kind.`);
  }
  const changes = new Changes();
  let failed: readonly string[] = [];
  try {
    while (!signal.aborted) {
      try {
        const reports = await checkOnce(checker, target, options, signal, failed);
        failed = reports.filter(({ status }) => status === 'failed').map(({ id }) => id);
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'InputError') {
          throw error;
        }
        // Half written: the next change may mend it.
        process.stdout.write(`${error.message}\n`);
      }
      changes.follow(await partFiles(target));
      process.stdout.write('Waiting for a change; Ctrl-C ends.\n');
      await Promise.race([changes.next(), aborted(signal)]);
    }
  } finally {
    changes.close();
  }
  throw new Interrupted();
}

/** Changes of files, as an editor makes them: several events for one, or another file in its place. */
class Changes {
  private watchers: FSWatcher[] = [];
  private wake: () => void = () => {};
  private readonly quietMs = 50;

  /** These files from now on. */
  follow(files: readonly string[]): void {
    this.close();
    const followed = new Set(files);
    let timer: NodeJS.Timeout | undefined;
    // Their folders: a file that is replaced is not there for a moment.
    this.watchers = [...new Set(files.map((file) => dirname(file)))].map((folder) =>
      watch(folder, (_event, name) => {
        if (name !== null && followed.has(join(folder, name))) {
          clearTimeout(timer);
          timer = setTimeout(() => {
            this.wake();
          }, this.quietMs);
        }
      }),
    );
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  close(): void {
    for (const each of this.watchers) {
      each.close();
    }
    this.watchers = [];
  }
}

function exitCodeOf(reports: readonly CheckReport[]): ExitCode {
  return reports.some(({ status }) => status === 'failed')
    ? exitCodes.CHECK_FAILED
    : exitCodes.DONE;
}

export interface PartReport {
  readonly schema: 'doorbell.check/1';
  /** As it was given. */
  readonly target: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly checks: readonly CheckReport[];
}

function jsonReport(target: string, reports: readonly CheckReport[]): PartReport {
  const count = (wanted: CheckReport['status']): number =>
    reports.filter(({ status }) => status === wanted).length;
  return {
    schema: 'doorbell.check/1',
    target,
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    checks: reports,
  };
}
