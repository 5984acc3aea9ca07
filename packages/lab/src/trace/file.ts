/**
 * A trace file: recordings of one or several stacks, with all that it takes to replay them, or of a
 * real peer. The contents are MessagePack that keeps identity: a page of memory that many checkpoints share is
 * there once, and is shared again when it is read. The same run gives the same bytes.
 */
import type { EventId } from '@doorbell/abi';
import { Recorder, Tracer } from '@doorbell/hypervisor';
import { Packr } from 'msgpackr';
import * as z from 'zod';
import { InputError } from '../input-error.ts';
import { traceContents, type PeerContents, type RunContents } from './contents.ts';
import { damaged, seal, unseal, type Hasher } from './envelope.ts';
import type { SourceLog } from '../source/source-log.ts';
import type { Checkpoint, PeerRecording, Recording, RunRecording } from './recording.ts';
import { runRequest } from './request.ts';

const packr = new Packr({ structuredClone: true, useRecords: false });

/** @throws InputError when they hold more than a file may. */
export function saveTrace(recordings: readonly Recording[], sha256: Hasher): Uint8Array {
  return seal(packr.pack({ recordings: recordings.map(contentsOf) }), sha256);
}

function contentsOf(recording: Recording): object {
  return recording.peer === undefined ? runContents(recording) : peerContents(recording);
}

function peerContents({ peer, events, words, rings, error }: PeerRecording): object {
  return {
    ...{ peer, rings, error },
    events: events.save(),
    words: { events: Uint32Array.from(words.keys()), texts: [...words.values()] },
  };
}

function runContents(recording: RunRecording): object {
  const { own: _own, events, source, crossings, report, ...rest } = recording;
  return {
    ...rest,
    events: events.save(),
    source: source && {
      lines: source.lines,
      events: Uint32Array.from(source.locals.keys()),
      locals: [...source.locals.values()],
    },
    crossings: crossings.save(),
    report: report && { ...report, time: { ...report.time, wallMs: 0 } },
  };
}

/**
 * @param name  of the file, for messages.
 * @throws InputError when it is damaged, of another version, or of a stack or scene that there is not.
 */
export function loadTrace(name: string, file: Uint8Array, sha256: Hasher): readonly Recording[] {
  const { recordings } = unpack(name, unseal(name, file, sha256));
  return recordings.map((recording) => recordingOf(name, recording));
}

function unpack(name: string, contents: Uint8Array): z.infer<typeof traceContents> {
  try {
    return traceContents.parse(packr.unpack(contents));
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    const where = issue === undefined ? '' : ` at ${issue.path.join('.')}`;
    throw damaged(name, `what it holds${where} is not what a trace holds`);
  }
}

function recordingOf(name: string, contents: RunContents | PeerContents): Recording {
  return 'peer' in contents ? peerRecording(name, contents) : runRecording(name, contents);
}

function peerRecording(name: string, contents: PeerContents): PeerRecording {
  const { peer, words, rings, error } = contents;
  const events = new Tracer(() => 0);
  sound(name, () => {
    events.load(contents.events);
  });
  const named = [...words.events, ...rings.map(({ event }) => event)];
  if (named.some((event) => event < 1 || event > events.count)) {
    throw damaged(name, 'it has words or rings of an event that it does not have');
  }
  const texts = words.texts.map((text, index): [EventId, string] => [words.events[index], text]);
  return { peer, events, source: undefined, words: new Map(texts), rings, error };
}

/** Loads columns. @throws InputError when they are none. */
function sound(name: string, load: () => void): void {
  try {
    load();
  } catch (wrong) {
    throw wrong instanceof RangeError ? damaged(name, wrong.message.replace(/\.$/, '')) : wrong;
  }
}

function runRecording(name: string, contents: RunContents): RunRecording {
  const { request, checkpoints, report, error, explanation } = contents;
  checkRequest(name, request);
  const events = new Tracer(() => 0);
  const crossings = new Recorder();
  sound(name, () => {
    events.load(contents.events);
    crossings.load(contents.crossings);
  });
  checkOrder(name, checkpoints, { event: events.count, crossing: crossings.length });
  const source = sourceOf(name, contents);
  return { request, events, source, crossings, checkpoints, report, error, explanation };
}

/** The lines that the events name are there. */
function sourceOf(name: string, { events, source }: RunContents): SourceLog | undefined {
  if (events.lines.some((line) => line >= (source?.lines.length ?? 1))) {
    throw damaged(name, 'an event is on a source line that it does not have');
  }
  if (source === undefined) {
    return undefined;
  }
  const { lines, locals } = source;
  return { lines, locals: new Map(locals.map((text, index) => [source.events[index], text])) };
}

type Place = Pick<Checkpoint, 'event' | 'crossing'>;

/** Each checkpoint is behind the one before it, and none behind the end. */
function checkOrder(name: string, checkpoints: readonly Place[], end: Place): void {
  [...checkpoints, end].reduce((before, next) => {
    if (next.event < before.event || next.crossing < before.crossing) {
      throw damaged(name, 'its checkpoints are not in the order of time');
    }
    return next;
  });
}

/** That there still are such a stack and such scenes. */
function checkRequest(name: string, request: RunContents['request']): void {
  try {
    runRequest(request);
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${name}: ${error.message}`) : error;
  }
}
