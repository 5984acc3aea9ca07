/** `doorbell trace diff`: what two stacks did differently for the same calls. */
import {
  recordingName,
  traceDifference,
  type RunRecording,
  type TraceDifference,
} from '@doorbell/lab';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { terminalOf } from './terminal.ts';
import { differenceText } from './trace-diff-text.ts';
import { readTrace } from './trace-file.ts';

export interface DiffOptions {
  readonly json?: string;
}

export interface DiffReport extends TraceDifference {
  readonly schema: 'doorbell.trace-diff/1';
  readonly a: ComparedRun;
  readonly b: ComparedRun;
}

interface ComparedRun {
  readonly stack: string;
  readonly profile: string;
  /** What ended it, of a run that came to no end. */
  readonly error?: string;
}

export function compareTraces(
  fileA: string,
  fileB: string | undefined,
  { json }: DiffOptions,
): ExitCode {
  checkJsonTarget(json);
  const [a, b] = twoOf(fileA, fileB);
  checkSameWork(a, b);
  const difference = traceDifference(a, b);
  if (json !== TO_STDOUT) {
    const names = { a: a.request.stack, b: b.request.stack };
    process.stdout.write(`${differenceText(difference, names, terminalOf(process.stdout))}\n`);
  }
  if (json !== undefined) {
    const sides = { a: comparedRun(a), b: comparedRun(b) };
    writeJson<DiffReport>(json, { schema: 'doorbell.trace-diff/1', ...sides, ...difference });
  }
  return exitCodes.DONE;
}

function comparedRun({ request, error }: RunRecording): ComparedRun {
  return {
    ...{ stack: request.stack, profile: request.profile.name },
    ...(error === undefined ? {} : { error }),
  };
}

/** @throws Failure when it is not clear which two. */
function twoOf(fileA: string, fileB: string | undefined): readonly [RunRecording, RunRecording] {
  const ofA = runsOf(fileA);
  if (fileB === undefined) {
    if (ofA.length < 2) {
      throw bad(`${fileA} has one stack: give another trace, or record two stacks.`);
    }
    return [ofA[0], ofA[1]];
  }
  return [oneOf(fileA, ofA), oneOf(fileB, runsOf(fileB))];
}

/** Runs make the same calls; a peer makes its own, when it likes. @throws Failure */
function runsOf(file: string): readonly RunRecording[] {
  const recordings = readTrace(file);
  const peer = recordings.find((each) => each.peer !== undefined);
  if (peer !== undefined) {
    const message = `${file} is of the real peer ${recordingName(peer)}: diff compares runs of one scene; step and trace export take it.`;
    throw bad(message);
  }
  return recordings.filter((each) => each.peer === undefined);
}

function oneOf(file: string, recordings: readonly RunRecording[]): RunRecording {
  if (recordings.length > 1) {
    const choices = recordings.map(({ request }) => `'${file}#${request.stack}'`);
    throw bad(`${file} has several stacks: give one of ${choices.join(', ')}.`);
  }
  return recordings[0];
}

/** Other scenes make other calls, of which no two are the same work. @throws Failure */
function checkSameWork(a: RunRecording, b: RunRecording): void {
  const [ofA, ofB] = [a, b].map(drawn);
  if (ofA !== ofB) {
    throw bad(`The traces are of different work, ${ofA} and ${ofB}: record both with the same.`);
  }
}

/** How many frames there are does not matter: a shorter run is the start of a longer one. */
function drawn({ request }: RunRecording): string {
  return (request.guests ?? [request])
    .map(({ scene, width, height, seed }) => `${scene} ${width}x${height} seed ${seed}`)
    .join(' + ');
}

function bad(message: string): Failure {
  return new Failure(exitCodes.BAD_INPUT, message);
}
