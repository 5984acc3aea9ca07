/** `doorbell peers run` and `all`: meets peers, and says what came of it. */
import {
  getCommand,
  missing,
  PeerRecorder,
  peers,
  runPeer,
  type Peer,
  type PeerResult,
  type PeerVerdict,
  type RunPeerOptions,
} from '@doorbell/peers';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { checkOutput } from './output-file.ts';
import { keepConsole } from './peers-console.ts';
import { peersDisplay } from './peers-display.ts';
import { checkPictureTarget, writePictures } from './peers-pictures.ts';
import { untilEnded } from './peers-signal.ts';
import { silentLine, statusLineOn } from './peers-status-line.ts';
import type { WrittenTrace } from './peers-trace.ts';
import { terminalOf } from './terminal.ts';

interface MeetOptions {
  readonly picture?: string;
  readonly json?: string;
  readonly quiet?: true;
}

export interface MeetOneOptions extends MeetOptions {
  readonly keep?: true;
  readonly trace?: string;
}

export interface MeetAllOptions extends MeetOptions {
  readonly quick?: true;
}

/** What tests put in the place of what is there. */
export interface MeetParts {
  readonly known: readonly Peer[];
}

export async function meetOne(
  name: string,
  options: MeetOneOptions,
  _command?: unknown,
  { known }: MeetParts = { known: peers },
): Promise<ExitCode> {
  const peer = known.find((each) => each.name === name);
  if (peer === undefined) {
    const names = known.map((each) => each.name).join(', ');
    throw new Failure(exitCodes.BAD_INPUT, `There is no peer '${name}'; there is ${names}.`);
  }
  if (options.keep === true) {
    checkConsole(peer);
  }
  if (options.trace !== undefined) {
    checkTrace(peer, options.trace, known);
  }
  return await meet([peer], options);
}

/** @throws Failure when there is nothing to record, or no place for it. */
function checkTrace({ name, records }: Peer, path: string, known: readonly Peer[]): void {
  if (records !== true) {
    const others = known.filter((each) => each.records === true).map((each) => each.name);
    throw new Failure(
      exitCodes.BAD_INPUT,
      `--trace records what drives a device of ours, and in '${name}' nothing does: take ${others.join(', ')}.`,
    );
  }
  if (path === TO_STDOUT) {
    throw new Failure(exitCodes.BAD_INPUT, '--trace writes a file, and - is none: give it a name.');
  }
  checkOutput('--trace', path);
}

/** @throws Failure when there is no console to keep, or nothing to show it on. */
function checkConsole({ name, needs }: Peer): void {
  if (!needs.includes('linux')) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `--keep is for peers that boot Linux, and '${name}' has no guest with a console.`,
    );
  }
  if (!(process.stdin.isTTY && process.stdout.isTTY)) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      "--keep hands the guest's console to a terminal, and this is none.",
    );
  }
}

export async function meetAll(
  options: MeetAllOptions,
  _command?: unknown,
  { known }: MeetParts = { known: peers },
): Promise<ExitCode> {
  if (options.picture?.endsWith('.png') === true) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `--picture '${options.picture}' is one file: all peers need a folder.`,
    );
  }
  const chosen = options.quick === true ? known.filter(({ isQuick }) => isQuick) : known;
  return await meet(chosen, options);
}

async function meet(
  chosen: readonly Peer[],
  { json, picture, quiet, keep, trace }: MeetOneOptions,
): Promise<ExitCode> {
  checkJsonTarget(json);
  checkPictureTarget(picture);
  const { stderr } = process;
  const status = quiet === true ? silentLine : statusLineOn(stderr, terminalOf(stderr));
  const display = peersDisplay({ status, isSilent: json === TO_STDOUT, isQuiet: quiet === true });
  const results: PeerResult[] = [];
  const recorder = trace === undefined ? undefined : new PeerRecorder();
  let written: WrittenTrace | undefined;
  try {
    await untilEnded(async (signal) => {
      const options = await runOptions(signal, keep === true ? status : undefined);
      for (const peer of chosen) {
        display.begin(peer);
        const result = await runPeer(peer, display.listener, { ...options, recorder });
        display.end(result);
        results.push(result);
      }
    });
  } finally {
    status.stop();
    // What was recorded until then is there, also when the user gave up.
    if (trace !== undefined && recorder !== undefined) {
      written = await keepTrace(trace, chosen[0].name, recorder, results.at(0));
    }
  }
  writePictures(picture, results);
  if (picture !== undefined && results.every(({ pictures }) => pictures.length === 0)) {
    say(`Nothing was shown, so '${picture}' was not written.`);
  }
  if (json !== undefined) {
    const traced = written === undefined ? {} : { trace: written };
    writeJson<PeersRunReport>(json, {
      schema: 'doorbell.peers/1',
      peers: results.map(report),
      ...traced,
    });
  }
  return conclude(chosen, results);
}

/** @param result  undefined: the user gave up */
async function keepTrace(
  path: string,
  peer: string,
  recorder: PeerRecorder,
  result: PeerResult | undefined,
): Promise<WrittenTrace | undefined> {
  const { writePeerTrace, writtenText } = await import('./peers-trace.ts');
  const why = result?.why ?? 'The user ended it.';
  const written = writePeerTrace(path, peer, recorder, why === '' ? undefined : why);
  say(
    written === undefined
      ? `Nothing was recorded, so '${path}' was not written.`
      : writtenText(written),
  );
  return written;
}

/** @param kept  the status line that gives way to the guest's console, if the user wants that. */
async function runOptions(
  signal: AbortSignal,
  kept: { readonly stop: () => void } | undefined,
): Promise<RunPeerOptions> {
  const { surroundings } = await import('./peers-surroundings.ts');
  if (kept === undefined) {
    return { ...surroundings, signal };
  }
  const { stdin: input, stdout: output } = process;
  return {
    ...surroundings,
    signal,
    keep: (console) => {
      kept.stop();
      return keepConsole(console, { input, output }, signal);
    },
  };
}

export interface PeersRunReport {
  readonly schema: 'doorbell.peers/1';
  readonly peers: readonly MetPeer[];
  /** What `--trace` wrote. */
  readonly trace?: WrittenTrace;
}

interface MetPeer extends PeerVerdict {
  /** By their names; `--picture` writes them. */
  readonly pictures: readonly string[];
}

function report({ pictures, error: _, ...result }: PeerResult): MetPeer {
  return { ...result, pictures: pictures.map(({ name }) => name) };
}

/** A failed check weighs more than something that is missing. */
function conclude(chosen: readonly Peer[], results: readonly PeerResult[]): ExitCode {
  const of = (status: PeerResult['status']): readonly string[] =>
    results.filter((result) => result.status === status).map(({ name }) => name);
  const [failed, lacking] = [of('failed'), of('missing')];
  if (failed.length > 0) {
    say(`Failed: ${failed.join(', ')}.`);
  }
  if (lacking.length > 0) {
    const needed = chosen
      .filter(({ name }) => lacking.includes(name))
      .flatMap(({ needs }) => needs);
    const get = getCommand(missing([...new Set(needed)]));
    say(
      `Not met: ${lacking.join(', ')}${get === '' ? '; it says why above.' : `; get what they need with: ${get}`}`,
    );
  }
  return failed.length > 0
    ? exitCodes.CHECK_FAILED
    : lacking.length > 0
      ? exitCodes.UNAVAILABLE
      : exitCodes.DONE;
}

function say(line: string): void {
  process.stderr.write(`doorbell: ${line}\n`);
}
