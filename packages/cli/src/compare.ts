/** `doorbell compare`: a scene through stacks, and whether the pixels are the same. */
import { bellBars, GpuError } from '@doorbell/abi';
import {
  compare,
  framesOf,
  sceneName,
  type CompareReport,
  type CompareRequest,
  type CompareResult,
  type Environment,
  type Picture,
} from '@doorbell/lab';
import type { Command } from 'commander';
import { summaryText } from './comparison-summary.ts';
import { comparisonTable } from './comparison-table.ts';
import { driverText, identityText, planText, sentences } from './comparison-text.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure, Interrupted } from './failure.ts';
import { framePicture } from './frame-picture.ts';
import { onInterrupt } from './interrupt.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { addGuestFlags } from './guest-flags.ts';
import { labEnvironment } from '@doorbell/lab/node';
import { wrap } from '@doorbell/lab/text';
import { checkFolder, writeLastFrames, writeMismatch } from './picture-files.ts';
import { profileTitle } from './profile-file.ts';
import { progressOn } from './progress.ts';
import { addRemoteFlags, impliedOptions, remoteOptions, type RemoteFlags } from './remote-flags.ts';
import type { RemoteOptions } from './remote-pair.ts';
import { checkRenderer } from './renderer-check.ts';
import { addRunFlags, readRunFlags, type RunFlags } from './run-flags.ts';
import { sharingText } from './sharing-text.ts';
import { addStackFlags } from './stack-flags.ts';
import { terminalOf, type Terminal } from './terminal.ts';

const MISMATCH_FOLDER = 'doorbell-mismatch';

interface CompareOptions extends RunFlags, RemoteFlags {
  readonly png?: string;
  readonly json?: string;
  readonly picture: boolean;
}

export function defineCompare(command: Command): void {
  addRunFlags(command);
  command
    .option('--png <folder>', "write each stack's last frame there")
    .option('--json <file>', 'write the report as JSON; - is stdout')
    .option(
      '--no-picture',
      'do not show the last frame; it takes a terminal of 256 colours and 40 columns',
    );
  addGuestFlags(command);
  addStackFlags(command);
  addRemoteFlags(command);
}

export async function runCompare(options: CompareOptions): Promise<ExitCode> {
  checkJsonTarget(options.json);
  const request = await readRunFlags(options, impliedOptions(options, options.stacks));
  const remote = remoteOptions(options, request.stacks);
  for (const spec of request.stacks) {
    await checkRenderer(spec.options.renderer);
  }
  if (options.png !== undefined) {
    checkFolder(options.png);
  }
  announce(request, options);
  const result = await compareWithProgress(request, environmentFor(remote));
  if (options.png !== undefined) {
    writeLastFrames(options.png, result.lastFrames);
  }
  if (options.json !== TO_STDOUT) {
    process.stdout.write(`${resultText(result, request, options.picture)}\n`);
  }
  if (options.json !== undefined) {
    writeJson<CompareReport>(options.json, result.report);
  }
  return concludeMismatch(result, options.png ?? MISMATCH_FOLDER);
}

/** Says what will be done, at once; stdout is left alone when it is for JSON only. */
function announce(request: CompareRequest, { json, profile }: CompareOptions): void {
  const stream = json === TO_STDOUT ? process.stderr : process.stdout;
  const plan = {
    ...request,
    scene: sceneName(request),
    frames: framesOf(request),
    profile: profileTitle(request.profile, profile),
    stacks: request.stacks.map(({ id }) => id),
  };
  stream.write(`${planText(plan, terminalOf(stream).columns)}\n`);
}

function environmentFor(remote: RemoteOptions): Environment {
  return {
    ...labEnvironment,
    // Loads sockets and threads only when a stack asks for them.
    connectBackend: async (transport, request) => {
      const { backendConnector } = await import('./remote-pair.ts');
      return backendConnector(remote)(transport, request);
    },
  };
}

async function compareWithProgress(
  request: CompareRequest,
  environment: Environment,
): Promise<CompareResult> {
  const { stderr } = process;
  const { stacks } = request;
  const frames = framesOf(request);
  const job = { total: stacks.length * frames, noun: 'frames' };
  const progress = progressOn(stderr, terminalOf(stderr), job);
  const interrupt = onInterrupt();
  try {
    return await compare(
      {
        ...request,
        signal: interrupt.signal,
        onProgress: ({ stack, frame }) => {
          progress.update(stack, stacks.findIndex(({ id }) => id === stack) * frames + frame);
        },
      },
      environment,
    );
  } catch (error) {
    throw interrupt.signal.aborted ? new Interrupted() : blamed(error, request);
  } finally {
    progress.stop();
    interrupt.release();
  }
}

/**
 * A scene that does not fit into the GPU is the user's to shrink, and a part of the user's own to
 * mend; any other error stays what it is.
 */
function blamed(error: unknown, { own }: CompareRequest): unknown {
  if (error instanceof GpuError && error.code === 'out-of-memory') {
    return new Failure(
      exitCodes.BAD_INPUT,
      `The GPU has ${bellBars.VRAM.size >> 20} MiB, too little for this scene: give a smaller --size, --model or --texture.`,
    );
  }
  return own === undefined || !(error instanceof Error) || error.name === 'InputError'
    ? error
    : new Failure(
        exitCodes.CHECK_FAILED,
        `With the part of --with a run ended: ${error.name}: ${error.message} 'doorbell check' tries the part by itself.`,
      );
}

function resultText(
  { report, lastFrames }: CompareResult,
  { scene, model }: CompareRequest,
  withPicture: boolean,
): string {
  const terminal = terminalOf(process.stdout);
  const credit = model === undefined ? scene.credit : undefined;
  const last = withPicture ? [...lastFrames.values()].at(0) : undefined;
  const parts = [
    ...(last === undefined ? [] : pictureText(last, credit, terminal)),
    ...[summaryText(report, terminal)].filter((text) => text !== ''),
    comparisonTable(report, terminal),
    ...[sharingText(report, terminal)].filter((text) => text !== ''),
    sentences(report, terminal),
    [
      driverText(report.stacks, terminal.columns),
      identityText(report, terminal.columns, terminal.colors),
    ].join('\n'),
  ];
  return `\n${parts.join('\n\n')}`;
}

/** The picture, and whom it is owed to; nothing where it cannot be shown. */
function pictureText(picture: Picture, credit: string | undefined, terminal: Terminal): string[] {
  const shown = framePicture(picture, terminal);
  if (shown === undefined || credit === undefined) {
    return shown === undefined ? [] : [shown];
  }
  return [`${shown}\n${terminal.colors.dim(wrap(credit, terminal.columns))}`];
}

function concludeMismatch({ mismatch, report }: CompareResult, folder: string): ExitCode {
  if (mismatch === undefined) {
    return concludeRounding(report) ?? concludeGuests(report);
  }
  writeMismatch(folder, mismatch);
  const { frame, stack, reference, guest } = mismatch;
  const whose = guest === undefined ? stack : `${guest} on ${stack}`;
  process.stderr.write(
    `doorbell: Frame ${frame} of ${whose} differs from that of ${reference}; both, and their difference, are in ${folder}.\n`,
  );
  return exitCodes.CHECK_FAILED;
}

/** A renderer that may round otherwise, but has not drawn the frames that it was to draw. */
function concludeRounding({ stacks }: CompareReport): ExitCode | undefined {
  const beyond = stacks.filter(({ pixels }) => pixels?.within === false).map(({ id }) => id);
  if (beyond.length === 0) {
    return undefined;
  }
  process.stderr.write(
    `doorbell: Frames are missing, or there are too many: ${beyond.join(', ')}.\n`,
  );
  return exitCodes.CHECK_FAILED;
}

/** A guest whose driver gave up has not drawn what it was to draw. */
function concludeGuests({ stacks }: CompareReport): ExitCode {
  const lost = stacks.flatMap(({ id, guests }) =>
    guests.filter(({ error }) => error !== undefined).map(({ name }) => `${name} on ${id}`),
  );
  if (lost.length === 0) {
    return exitCodes.DONE;
  }
  process.stderr.write(`doorbell: Not all guests came through: ${lost.join(', ')}.\n`);
  return exitCodes.CHECK_FAILED;
}
