/** The trace that `doorbell peers run --trace` writes: what a real peer did with a device of ours. */
import { saveTrace } from '@doorbell/lab';
import { MOST_EVENTS, type PeerRecorder } from '@doorbell/peers';
import { labEnvironment } from '@doorbell/lab/node';
import { writeOutput } from './output-file.ts';
import { formatBytes, formatCount } from './quantity.ts';

/** What was written, for the report. */
export interface WrittenTrace {
  readonly file: string;
  readonly events: number;
  readonly bytes: number;
  /** False: it holds the first events alone. */
  readonly whole: boolean;
}

/** Undefined: nothing was recorded, so there is nothing to write. @throws Failure, InputError */
export function writePeerTrace(
  path: string,
  peer: string,
  recorder: PeerRecorder,
  error: string | undefined,
): WrittenTrace | undefined {
  const { events, words, system, isWhole } = recorder;
  const { rings } = recorder.rings;
  if (events.count === 0) {
    return undefined;
  }
  const bars = recorder.bars.map((bar) => ({ guest: 0, ...bar }));
  const about = { name: peer, system, bars, isWhole };
  const recording = { peer: about, events, words, rings, source: undefined, error };
  const file = saveTrace([recording], labEnvironment.sha256);
  writeOutput(path, file);
  return { file: path, events: events.count, bytes: file.length, whole: isWhole };
}

export function writtenText({ file, events, bytes, whole }: WrittenTrace): string {
  const some = whole ? '' : `; it ends there, as a trace holds ${formatCount(MOST_EVENTS)} at most`;
  return `${file}: ${formatCount(events)} events in wall-clock time, ${formatBytes([bytes])[0]}${some}`;
}
