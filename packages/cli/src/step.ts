/** `doorbell step`: walks through a recorded run, forwards and back; by keys, or by lines of text. */
import { readFileSync } from 'node:fs';
import { granularities, InputError, StepShell, type Recording } from '@doorbell/lab';
import type { Command } from 'commander';
import { driverSource } from '@doorbell/lab/node';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';
import { addGuestFlags } from './guest-flags.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { labEnvironment } from '@doorbell/lab/node';
import { addRecordFlags, recordRuns, type RecordFlags } from './recorded-runs.ts';
import { withOwn } from './own-part.ts';
import { addRunFlags, readRunFlags, type RunFlags } from './run-flags.ts';
import { addStackFlags } from './stack-flags.ts';
import { terminalOf } from './terminal.ts';
import { readTrace } from './trace-file.ts';
import type { Act } from './verb.ts';

interface StepOptions extends RunFlags, RecordFlags {
  readonly granularity?: string;
  readonly script?: string;
  readonly json?: string;
}

/** One frame, which says enough. */
const defaults = {
  ...{ stacks: 'native', scene: 'triangle' },
  ...{ frames: 1, size: { width: 64, height: 64 } },
};

const helpText = `
On a terminal it shows events on the left and state on the right; with --source, or a trace that has
lines, the driver's source with the line that runs on the left, and events below it. Keys move; '?'
lists them. With --script, or when input or output is no terminal, it reads commands ('help' lists
them), one a line or with ';' between:
  doorbell step --stacks pv --script 'r exit; who doorbell.TAIL; state'
Granularities: ${[...granularities.keys()].join(', ')}.`;

export function defineStep(command: Command, act: Act): void {
  addRunFlags(command.argument('[file]', 'a trace, in place of a run'), defaults);
  addRecordFlags(command);
  command
    .option('--granularity <name>', 'the one that steps go by, and no other')
    .option('--script <commands>', 'commands in place of a terminal, with ; between')
    .option('--json <file>', 'write commands and answers as JSON; - is stdout')
    .addHelpText('after', helpText)
    .action(act((file: string | undefined, options: StepOptions) => runStep(file, options)));
  addGuestFlags(command);
  addStackFlags(command);
}

async function runStep(file: string | undefined, options: StepOptions): Promise<ExitCode> {
  checkJsonTarget(options.json);
  const { granularity, script } = options;
  const shell = new StepShell(await recordings(file, options), labEnvironment, {
    readSource: driverSource,
    ...(granularity === undefined ? {} : { granularity, fixed: true }),
  });
  if (script === undefined && process.stdin.isTTY && process.stdout.isTTY) {
    const { StepScreen } = await import('./step/screen.ts');
    return new StepScreen(shell, process.stdin, process.stdout).run();
  }
  const lines = (script ?? readStdin()).split(/[;\n]/);
  return runLines(shell, lines, options.json);
}

/** @throws Failure, InputError, Interrupted */
async function recordings(
  file: string | undefined,
  options: StepOptions,
): Promise<readonly Recording[]> {
  if (file !== undefined) {
    return withOwn(readTrace(file), options.with);
  }
  const request = await readRunFlags(options);
  if (request.stacks.length > 2) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `${request.stacks.length} stacks are too many: give one or two.`,
    );
  }
  return recordRuns(request, options);
}

const STDIN = 0;

function readStdin(): string {
  try {
    return readFileSync(STDIN, 'utf8');
  } catch (error) {
    throw fileFailure(error, 'read', '-');
  }
}

interface Said {
  readonly command: string;
  readonly lines: readonly string[];
}

export interface StepReport {
  readonly schema: 'doorbell.step/1';
  readonly stacks: readonly string[];
  readonly commands: readonly Said[];
}

/** Ends with the first line that is wrong. */
async function runLines(
  shell: StepShell,
  lines: readonly string[],
  json: string | undefined,
): Promise<ExitCode> {
  const { colors } = terminalOf(process.stdout);
  const said: Said[] = [];
  for (const line of lines.map((each) => each.trim()).filter((each) => each !== '')) {
    const { lines: answer, ends } = await answerTo(shell, line);
    said.push({ command: line, lines: answer });
    if (json !== TO_STDOUT) {
      process.stdout.write(`${[colors.dim(`step> ${line}`), ...answer].join('\n')}\n`);
    }
    if (ends) {
      break;
    }
  }
  if (json !== undefined) {
    const stacks = shell.walk.cursors.map(({ name }) => name);
    writeJson<StepReport>(json, { schema: 'doorbell.step/1', stacks, commands: said });
  }
  return exitCodes.DONE;
}

/** @throws Failure that names the line */
async function answerTo(shell: StepShell, line: string): ReturnType<StepShell['run']> {
  try {
    return await shell.run(line);
  } catch (error) {
    throw error instanceof InputError
      ? new Failure(exitCodes.BAD_INPUT, `'${line}': ${error.message}`)
      : error;
  }
}
