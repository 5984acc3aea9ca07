/** Runs that are recorded, as the options of a verb describe them: for `trace` and `step`. */
import {
  checkFits,
  elsewhere,
  findBug,
  framesOf,
  record,
  runOf,
  type CompareRequest,
  type RunRecording,
} from '@doorbell/lab';
import type { Command } from 'commander';
import { exitCodes } from './exit-code.ts';
import { Failure, Interrupted } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { labEnvironment } from '@doorbell/lab/node';
import { progressOn } from './progress.ts';
import { terminalOf } from './terminal.ts';

/** Frames that are worth a line about progress. */
const LONG = 4;

export interface RecordFlags {
  readonly bug?: string;
}

/** What a recording may have beside the run; `--source` is looked for before the drivers are loaded. */
export function addRecordFlags(command: Command): void {
  command
    .option('--source', "with the drivers' source lines and locals")
    .option('--bug <id>', 'break the driver on purpose; doorbell explain --help lists them');
}

/** One stack after the other, with progress on stderr. @throws Failure, InputError, Interrupted */
export async function recordRuns(
  request: CompareRequest,
  { bug: id }: RecordFlags,
): Promise<readonly RunRecording[]> {
  checkPlaces(request);
  const { stderr } = process;
  const { stacks } = request;
  const bug = id === undefined ? undefined : findBug(id);
  const frames = framesOf(request);
  const job = { total: stacks.length * frames, noun: 'frames' };
  const progress = job.total < LONG ? undefined : progressOn(stderr, terminalOf(stderr), job);
  const interrupt = onInterrupt();
  const recordings: RunRecording[] = [];
  try {
    for (const spec of stacks) {
      if (bug !== undefined) {
        checkFits(bug, spec);
      }
      const heard: CompareRequest = {
        ...{ ...request, signal: interrupt.signal },
        onProgress: ({ stack, frame }) => {
          progress?.update(stack, recordings.length * frames + frame);
        },
      };
      const run = { ...runOf(heard, spec), ...(bug === undefined ? {} : { bug }) };
      recordings.push(await record(run, labEnvironment));
    }
    return recordings;
  } catch (error) {
    throw interrupt.signal.aborted ? new Interrupted() : error;
  } finally {
    progress?.stop();
    interrupt.release();
  }
}

/** @throws Failure */
function checkPlaces({ stacks }: CompareRequest): void {
  const [away] = stacks.flatMap((spec) => elsewhere(spec) ?? []);
  if (away !== undefined) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `With ${away.because} the backend is elsewhere, in no virtual time and not recorded: ${away.mend}.`,
    );
  }
}
