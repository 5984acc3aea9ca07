/** `doorbell step`: walks through a recorded run, forwards and back; by keys, or by lines of text. */
import { readFileSync } from 'node:fs';
import {
  granularities,
  InputError,
  loadTrace,
  parseStacks,
  record,
  StepShell,
  type Recording,
} from '@doorbell/lab';
import type { Command } from 'commander';
import { pictureSize, wholeNumber, type Size } from './argument.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { labEnvironment } from './lab-environment.ts';
import { loadProfile } from './profile-file.ts';
import { findScene } from './scene-input.ts';
import { addStackFlags, givenStackOptions } from './stack-flags.ts';
import { terminalOf } from './terminal.ts';
import type { Act } from './verb.ts';

interface StepOptions {
  readonly stacks: string;
  readonly scene: string;
  readonly frames: number;
  readonly size: Size;
  readonly seed: number;
  readonly profile: string;
  readonly granularity?: string;
  readonly script?: string;
  readonly json?: string;
}

const helpText = `
On a terminal it shows events and state, and keys move; '?' lists them. With --script, or when input
or output is no terminal, it reads commands ('help' lists them), one a line or with ';' between:
  doorbell step --stacks pv --script 'r exit; who doorbell.TAIL; state'
Granularities: ${[...granularities.keys()].join(', ')}.`;

export function defineStep(command: Command, act: Act): void {
  command
    .argument('[file]', 'a trace, in place of a run')
    .option('--stacks <list>', 'one stack, or two in lock step', 'native')
    .option('--scene <name>', 'what is drawn; see doorbell list', 'triangle')
    .option('--frames <n>', 'from 1 to 1000', wholeNumber(1, 1000), 1)
    .option(
      '--size <WxH>',
      'pixels, each side from 16 to 4096 (default: 64x64)',
      pictureSize(16, 4096),
      { width: 64, height: 64 },
    )
    .option('--seed <n>', "seed of the scene's random content", wholeNumber(0, 2 ** 32 - 1), 1)
    .option('--profile <name|file>', 'what things cost; see doorbell list', 'kvm-x86')
    .option('--granularity <name>', 'the one that steps go by, and no other')
    .option('--script <commands>', 'commands in place of a terminal, with ; between')
    .option('--json <file>', 'write commands and answers as JSON; - is stdout')
    .addHelpText('after', helpText)
    .action(act((file: string | undefined, options: StepOptions) => runStep(file, options)));
  addStackFlags(command);
}

async function runStep(file: string | undefined, options: StepOptions): Promise<ExitCode> {
  checkJsonTarget(options.json);
  const { granularity, script } = options;
  const shell = new StepShell(await recordings(file, options), labEnvironment, {
    ...(granularity === undefined ? {} : { granularity, fixed: true }),
  });
  if (script === undefined && process.stdin.isTTY && process.stdout.isTTY) {
    const { StepScreen } = await import('./step/screen.ts');
    return new StepScreen(shell, process.stdin, process.stdout).run();
  }
  const lines = (script ?? readStdin()).split(/[;\n]/);
  return runLines(shell, lines, options.json);
}

/** @throws Failure, InputError */
async function recordings(
  file: string | undefined,
  options: StepOptions,
): Promise<readonly Recording[]> {
  if (file !== undefined) {
    return loadTrace(file, readTrace(file), labEnvironment.sha256);
  }
  const specs = parseStacks(options.stacks, givenStackOptions({ ...options }));
  if (specs.length > 2) {
    throw new Failure(exitCodes.BAD_INPUT, `${specs.length} stacks are too many: give one or two.`);
  }
  const away = specs.find(({ options: own }) => (own.transport ?? 'inline') !== 'inline');
  if (away !== undefined) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `With pv-transport=${away.options.transport} the backend is elsewhere, and not recorded: leave it inline.`,
    );
  }
  const { size, frames, seed } = options;
  const common = {
    ...{ scene: findScene(options.scene), profile: loadProfile(options.profile) },
    context: { ...size, frames, seed },
  };
  const made: Recording[] = [];
  for (const spec of specs) {
    made.push(await record({ ...common, spec }, labEnvironment));
  }
  return made;
}

function readTrace(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileFailure(error, 'read', path);
  }
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
    const stacks = shell.cursors.map(({ name }) => name);
    writeJson(json, { schema: 'doorbell.step/1', stacks, commands: said });
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
