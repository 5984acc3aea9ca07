/** `doorbell sensitive`: the Popek-Goldberg report. */
import {
  classOf,
  type AccessClass,
  type Leak,
  parseStacks,
  runLeak,
  sensitivity,
  stackKinds,
  type StackSensitivity,
} from '@doorbell/lab';
import { Option, type Command } from 'commander';
import { wholeNumber } from './argument.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { labEnvironment } from '@doorbell/lab/node';
import { leakText, sensitiveText } from '@doorbell/lab/text';
import { loadProfile } from './profile-file.ts';
import { addStackFlags, givenStackOptions } from './stack-flags.ts';
import { terminalOf } from './terminal.ts';

interface SensitiveOptions {
  readonly stacks: string;
  readonly with?: 'leaky-register';
  readonly registers?: true;
  readonly profile: string;
  readonly seed: number;
  readonly json?: string;
}

/** The same two guests on a part with the register, and on one that is sold. */
interface Leaks {
  readonly leak: Leak;
  readonly without: Leak;
}

export interface SensitiveReport {
  readonly schema: 'doorbell.sensitive/1';
  readonly with: 'leaky-register' | null;
  readonly stacks: readonly (Omit<StackSensitivity, 'registers'> & {
    readonly registers: readonly (StackSensitivity['registers'][number] & {
      readonly class: AccessClass;
    })[];
  })[];
  /** Of a part that leaks, and of the same part without the register: only with `--with`. */
  readonly leak?: LeakReport;
  readonly leakWithout?: LeakReport;
}

interface LeakReport {
  /** In hexadecimal. */
  readonly secret: string;
  /** Its bytes as the other guest put them together; null where it saw none. */
  readonly seen: readonly (number | null)[];
  readonly bytesSeen: number;
  /** How often it looked, and how many exits that took. */
  readonly reads: number;
  readonly exits: number;
  /** What it read: a BAR of its function, and an offset. */
  readonly bar: number;
  readonly offset: number;
}

export function defineSensitive(command: Command): void {
  command
    .option('--stacks <list>', 'stacks with options', [...stackKinds.keys()].join(','))
    .addOption(
      new Option(
        '--with <what>',
        'give the part a register that breaks the condition, and have one guest spy on another by it',
      ).choices(['leaky-register']),
    )
    .option('--registers', 'list each access: where it is, what becomes of it, whose it is')
    .option('--profile <name|file>', 'what things cost, where one guest spies', 'kvm-x86')
    .option('--seed <n>', 'of the secret', wholeNumber(0, 2 ** 32 - 1), 1)
    .option('--json <file>', 'write the report as JSON; - is stdout');
  addStackFlags(command);
}

export async function runSensitive(options: SensitiveOptions): Promise<ExitCode> {
  checkJsonTarget(options.json);
  const profile = loadProfile(options.profile);
  const leaky = options.with === 'leaky-register';
  const stacks = await sensitivity(
    { stacks: parseStacks(options.stacks, givenStackOptions({ ...options })), profile, leaky },
    labEnvironment,
  );
  const { seed } = options;
  const leaks = leaky
    ? {
        leak: await runLeak({ profile, seed, leaky }),
        without: await runLeak({ profile, seed, leaky: false }),
      }
    : undefined;
  if (options.json !== TO_STDOUT) {
    const terminal = terminalOf(process.stdout);
    const shown = { registers: options.registers === true };
    const spied = leaks === undefined ? '' : `\n\n${leakText(leaks.leak, leaks.without, terminal)}`;
    process.stdout.write(`${sensitiveText(stacks, shown, terminal)}${spied}\n`);
  }
  if (options.json !== undefined) {
    writeJson<SensitiveReport>(options.json, jsonReport(stacks, leaks, options));
  }
  return exitCodeOf(stacks, leaky);
}

/** Who asked for a part that breaks the condition has got that; without, it is a bug of ours. */
export function exitCodeOf(
  stacks: readonly Pick<StackSensitivity, 'holds'>[],
  leaky: boolean,
): ExitCode {
  const isBroken = stacks.some(({ holds }) => holds === false);
  return isBroken && !leaky ? exitCodes.CHECK_FAILED : exitCodes.DONE;
}

function jsonReport(
  stacks: readonly StackSensitivity[],
  leaks: Leaks | undefined,
  options: Pick<SensitiveOptions, 'with'>,
): SensitiveReport {
  return {
    schema: 'doorbell.sensitive/1',
    with: options.with ?? null,
    stacks: stacks.map((stack) => ({
      ...stack,
      registers: stack.registers.map((access) => ({ ...access, class: classOf(access) })),
    })),
    ...(leaks === undefined
      ? {}
      : { leak: leakReport(leaks.leak), leakWithout: leakReport(leaks.without) }),
  };
}

function leakReport({ secret, seen, ...rest }: Leak): LeakReport {
  return {
    ...rest,
    secret: Buffer.from(secret).toString('hex'),
    seen: seen.map((byte) => byte ?? null),
    bytesSeen: seen.filter((byte) => byte !== undefined).length,
  };
}
