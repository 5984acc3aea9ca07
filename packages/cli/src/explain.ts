/** `doorbell explain`: why a run is stuck, of a trace file or of a run that is made for it. */
import {
  bugs,
  causeIds,
  causeRow,
  checkFits,
  explainRun,
  findBug,
  elsewhere,
  parseStacks,
  stackKinds,
  type Bug,
  type Cause,
  type Explanation,
  type Recording,
  type StackSpec,
} from '@doorbell/lab';
import type { Command } from 'commander';
import { wholeNumber } from './argument.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { peerReport, peerText, type ExplainedPeer } from './explain-peer.ts';
import { explanationText, type ExplainedRun } from './explain-text.ts';
import { Failure } from './failure.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { labEnvironment } from '@doorbell/lab/node';
import { loadProfile } from './profile-file.ts';
import { findScene } from './scene-input.ts';
import { addStackFlags, givenStackOptions } from './stack-flags.ts';
import { terminalOf } from './terminal.ts';
import { readTrace } from './trace-file.ts';
import type { Act } from './verb.ts';

/** Of a frame that says enough. */
const SIDE = 64;
const DEFAULT_STACK = 'native';

interface ExplainOptions {
  readonly stack?: string;
  readonly scene: string;
  readonly bug?: string;
  readonly frames: number;
  readonly profile: string;
  readonly seed: number;
  readonly json?: string;
}

export function defineExplain(command: Command, act: Act): void {
  const kinds = [...stackKinds.keys()].join(', ');
  command
    .argument('[file]', 'a trace file; without one, a run is made')
    .option('--stack <name>', `one of ${kinds} (default: what --bug needs, or ${DEFAULT_STACK})`)
    .option('--scene <name>', `drawn in ${SIDE}x${SIDE}; see doorbell list`, 'triangle')
    .option('--bug <id>', 'break the driver, or the host, on purpose')
    .option('--frames <n>', 'from 1 to 1000', wholeNumber(1, 1000), 1)
    .option('--profile <name|file>', 'what things cost; see doorbell list', 'kvm-x86')
    .option('--seed <n>', 'of the scene', wholeNumber(0, 2 ** 32 - 1), 1)
    .option('--json <file>', 'write the explanation as JSON; - is stdout')
    .addHelpText('after', idsHelp());
  addStackFlags(command);
  command.action(
    act(async (file: string | undefined, options: ExplainOptions) => runExplain(file, options)),
  );
}

function idsHelp(): string {
  const column = (id: string): string => `  ${id.padEnd(26)}`;
  return [
    '\nCauses that it knows:',
    ...causeIds.map((id) => `${column(id)}${causeRow(id).title}`),
    '\nBugs for --bug, and where they can be had:',
    ...[...bugs.values()].map(({ id, stacks }) => `${column(id)}${stacks.join(', ')}`),
    '\nThe exit code is 1 when something is stuck.',
  ].join('\n');
}

export interface ExplainReport {
  readonly schema: 'doorbell.explain/1';
  /** Whether any run is. */
  readonly stuck: boolean;
  /** Of all runs. */
  readonly causes: readonly Cause[];
  readonly runs: readonly (
    (Omit<ExplainedRun, 'explanation'> & Omit<Explanation, 'schema'>) | ExplainedPeer
  )[];
}

async function runExplain(file: string | undefined, options: ExplainOptions): Promise<ExitCode> {
  checkJsonTarget(options.json);
  const recordings = file === undefined ? [] : recordingsOf(file, options);
  const peers = recordings.filter((each) => each.peer !== undefined);
  const runs = file === undefined ? [await liveRun(options)] : explainedRuns(recordings);
  if (options.json !== TO_STDOUT) {
    const terminal = terminalOf(process.stdout);
    const texts = [
      ...runs.map((run) => explanationText(run, terminal)),
      ...peers.map((peer) => peerText(peer, terminal)),
    ];
    process.stdout.write(`${texts.join('\n\n')}\n`);
  }
  const isStuck = runs.some(({ explanation }) => explanation.stuck);
  if (options.json !== undefined) {
    writeJson<ExplainReport>(options.json, {
      schema: 'doorbell.explain/1',
      stuck: isStuck,
      causes: runs.flatMap(({ explanation }) => explanation.causes),
      runs: [
        ...runs.map(({ explanation: { stuck, causes, error }, ...run }) => ({
          ...{ ...run, stuck, causes, error },
        })),
        ...peers.map(peerReport),
      ],
    });
  }
  return isStuck ? exitCodes.CHECK_FAILED : exitCodes.DONE;
}

/** @throws Failure, InputError */
function recordingsOf(file: string, { stack, bug }: ExplainOptions): readonly Recording[] {
  if (stack !== undefined || bug !== undefined) {
    const message = 'A trace file says which stack it is of: leave --stack and --bug out.';
    throw new Failure(exitCodes.BAD_INPUT, message);
  }
  return readTrace(file);
}

function explainedRuns(recordings: readonly Recording[]): readonly ExplainedRun[] {
  return recordings
    .filter((each) => each.peer === undefined)
    .map(({ request, explanation }) => ({
      ...{ stack: request.stack, scene: request.scene, bug: request.bug ?? null, explanation },
    }));
}

/** @throws Failure, InputError */
async function liveRun(options: ExplainOptions): Promise<ExplainedRun> {
  const bug = options.bug === undefined ? undefined : findBug(options.bug);
  const spec = theStack(options, bug);
  const { frames, seed } = options;
  const explanation = await explainRun(
    {
      ...{ spec, scene: findScene(options.scene), profile: loadProfile(options.profile) },
      context: { width: SIDE, height: SIDE, frames, seed },
      ...(bug === undefined ? {} : { bug }),
    },
    labEnvironment,
  );
  return { stack: spec.id, scene: options.scene, bug: bug?.id ?? null, explanation };
}

/** @throws Failure, InputError */
function theStack(options: ExplainOptions, bug: Bug | undefined): StackSpec {
  const { stack = bug?.stacks[0] ?? DEFAULT_STACK } = options;
  const [spec, ...more] = parseStacks(stack, givenStackOptions({ ...options }));
  if (more.length > 0) {
    throw new Failure(exitCodes.BAD_INPUT, `'${stack}' is more than one stack.`);
  }
  const away = elsewhere(spec);
  if (away !== undefined) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `With ${away.because} the device is not on this machine: ${away.mend}.`,
    );
  }
  if (bug !== undefined) {
    checkFits(bug, spec);
  }
  return spec;
}
