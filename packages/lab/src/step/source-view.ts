/** The driver's source around the line that runs, with its locals. */
import type { TraceEvent } from '@doorbell/hypervisor';
import type { Recording } from '../trace/recording.ts';

/** Lines before and behind. */
const AROUND = 6;

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
    return ['(That file is not here.)'];
  }
  const lines = text.split('\n');
  const first = Math.max(1, line - AROUND);
  const last = Math.min(lines.length, line + AROUND);
  const width = String(last).length;
  return lines.slice(first - 1, last).map((code, index) => {
    const number = first + index;
    return `${number === line ? '>' : ' '}${String(number).padStart(width)} ${code}`.trimEnd();
  });
}
