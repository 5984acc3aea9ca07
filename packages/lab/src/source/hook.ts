/**
 * What instrumented drivers call (see `instrument`): says to the tracer which source line runs, and
 * logs each statement. While no tracer listens, a call costs one test.
 *
 * One machine is listened to at a time: which one a driver belongs to, its statements do not say.
 */
import type { Trace } from '@doorbell/abi';
import type { Tracer } from '@doorbell/hypervisor';
import { localsText, type Locals } from './locals.ts';
import { noSource, type SourceLine, type SourceLog } from './source-log.ts';

/** Lines have 16 bits in a trace. */
const MOST_LINES = 0xffff;

/** Of all files that were loaded. */
let loaded = 1;
/**
 * Of what is followed: lines by their numbers, in the order in which they ran first, which is the
 * same wherever it runs. That in which files are loaded is not. None has number 0.
 */
let table: SourceLine[] = [noSource];
let followed = 0;

let tracer: Tracer | undefined;
/** Where statements go, which are events of the driver's: on a port that is recorded. */
let statements: Trace | undefined;
let locals = new Map<number, string>();

/** For one file. Numbers of lines are those of its own list. */
export interface FileSource {
  /** The statement on this line runs next. */
  at(number: number, read?: () => Locals): void;
  /** A function begins. Gives where its caller stands, for `leave`. */
  enter(): number;
  /** The caller's line again, once `value` is there: the function returns, or waits for it. */
  leave<T>(value: T, caller: number): T;
  /** The statement on this line goes on, with `value`. */
  back<T>(number: number, value: T): T;
}

/** @throws RangeError when there are more lines than a trace can tell apart. */
export function sourceOf(file: string, lines: readonly number[]): FileSource {
  if (loaded + lines.length > MOST_LINES) {
    throw new RangeError(`${file}: a trace tells at most ${MOST_LINES} source lines apart.`);
  }
  loaded += lines.length;
  const numbers = new Uint16Array(lines.length);
  /** What the numbers are of. */
  let of = followed;
  const numberOf = (index: number): number => {
    if (of !== followed) {
      of = followed;
      numbers.fill(0);
    }
    return (numbers[index] ||= table.push({ file, line: lines[index] }) - 1);
  };
  return {
    at: (number, read) => {
      if (tracer !== undefined) {
        tracer.line = numberOf(number);
        if (tracer.recording) {
          const id = statements?.event('statement', tracer.line, 0) ?? 0;
          if (id !== 0 && read !== undefined) {
            locals.set(id, localsText(read()));
          }
        }
      }
    },
    enter: () => tracer?.line ?? 0,
    leave: (value, caller) => {
      if (tracer !== undefined) {
        tracer.line = caller;
      }
      return value;
    },
    back: (number, value) => {
      if (tracer !== undefined) {
        tracer.line = numberOf(number);
      }
      return value;
    },
  };
}

/**
 * From now on this tracer hears of the lines that run, until `ignoreSource`. Gives what is logged, or
 * undefined where no driver is instrumented.
 * @param port  where statements go; a computer's, so that they are recorded.
 */
export function followSource(to: Tracer, port: Trace = to): SourceLog | undefined {
  if (loaded === 1) {
    return undefined;
  }
  table = [noSource];
  followed++;
  tracer = to;
  statements = port;
  locals = new Map();
  return { lines: table, locals };
}

/** Unless another one is followed by now. */
export function ignoreSource(of = tracer): void {
  if (tracer === of) {
    tracer = undefined;
    statements = undefined;
  }
}
