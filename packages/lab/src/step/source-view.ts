/** The driver's source around the line that runs, with its locals. */
import type { TraceEvent } from '@doorbell/hypervisor';
import type { Recording } from '../trace/recording.ts';
import type { Cursor } from './cursor.ts';

/** Lines before and behind. */
const AROUND = 6;
const NO_LINE = '(No line of the driver runs at this event.)';
const NO_FILE = '(That file is not here.)';

/** Text of a driver's file, by its name in a recording; undefined: there is no such file here. */
export type ReadSource = (file: string) => string | undefined;

export function sourceView(
  { source, peer }: Recording,
  event: TraceEvent | undefined,
  read: ReadSource,
): readonly string[] {
  if (peer !== undefined) {
    return [
      `The driver is none of ours but of ${peer.system || peer.name}: its source is not here.`,
    ];
  }
  if (source === undefined) {
    return ['No source lines were recorded: record with --source.'];
  }
  const { file, line } = source.lines[event?.line ?? 0];
  if (event === undefined || file === '') {
    return ['No line of the driver runs here.'];
  }
  const locals = source.locals.get(event.id);
  return [
    `${file}:${line}`,
    ...around(read(file), line),
    ...(locals === undefined ? [] : ['', ...locals.split('\n')]),
  ];
}

function around(text: string | undefined, line: number): readonly string[] {
  if (text === undefined) {
    return [NO_FILE];
  }
  const lines = text.split('\n');
  const first = Math.max(1, line - AROUND);
  return numbered(lines.slice(first - 1, line + AROUND), first, { line, mark: '>' });
}

interface Marked {
  readonly line: number;
  readonly mark: string;
}

function numbered(code: readonly string[], first: number, { line, mark }: Marked): string[] {
  const width = String(first + code.length - 1).length;
  return code.map((text, index) => {
    const number = first + index;
    return `${number === line ? mark : ' '}${String(number).padStart(width)} ${text}`.trimEnd();
  });
}

/**
 * The same for a part of a screen, in at most so many lines: where no line of the driver runs, around
 * the one that ran last. Undefined: the recording has no lines.
 */
export function sourcePart(
  cursor: Cursor,
  read: ReadSource,
  rows: number,
): readonly string[] | undefined {
  if (cursor.recording.source === undefined) {
    return undefined;
  }
  const place = cursor.placeOf(cursor.event);
  const shown = place ?? cursor.lastPlace();
  if (shown === undefined) {
    return [NO_LINE].slice(0, rows);
  }
  const below = place === undefined ? [NO_LINE] : localLines(cursor.locals, Math.floor(rows / 4));
  const title = `${shown.file}:${shown.line}`;
  const marked = { line: shown.line, mark: place === undefined ? '-' : '>' };
  const code = windowOn(read(shown.file), marked, rows - 1 - below.length);
  return [title, ...code, ...below].slice(0, rows);
}

/** So many lines with the marked one in their middle, without the indentation that they share. */
function windowOn(text: string | undefined, marked: Marked, rows: number): readonly string[] {
  if (text === undefined) {
    return [NO_FILE];
  }
  const lines = text.split('\n');
  const middle = marked.line - Math.floor(rows / 2);
  const first = Math.max(1, Math.min(middle, lines.length - rows + 1));
  const code = lines.slice(first - 1, first - 1 + Math.max(0, rows));
  const indents = code.filter((line) => line !== '').map((line) => line.search(/\S|$/));
  const shared = Math.min(...indents);
  return numbered(
    code.map((line) => line.slice(shared)),
    first,
    marked,
  );
}

function localLines(locals: string, most: number): readonly string[] {
  const lines = locals === '' ? [] : locals.split('\n');
  return lines.length <= most
    ? lines
    : [...lines.slice(0, most - 1), `(and ${lines.length - most + 1} more: source)`];
}
