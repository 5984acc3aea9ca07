/** The guest's shell, driven over its serial port: a command at a time, its output and status. */
import type { Writable } from 'node:stream';
import { QemuError } from '../qemu/qemu-error.ts';
import type { ConsoleLines } from './console-lines.ts';

export interface ShellResult {
  readonly status: number;
  readonly output: string;
}

/** What ends whoever waits for the guest. */
export interface Ending {
  /** Resolves with why, when the guest has ended. Never rejects. */
  readonly ended: Promise<string>;
  readonly signal: AbortSignal;
}

/** A line that is longer than the terminal's buffer would be cut (N_TTY_BUF_SIZE). */
const LONGEST_LINE = 4000;
const INTERRUPT = '\x03';
/** What the guest prints before and after a command's output. */
const MARK = /@(begin|end) (\d+)(?: (\d+))?$/;

/** What a person would want to see of a line; undefined when it is a mark and nothing else. */
export function withoutMark(line: string): string | undefined {
  const rest = line.replace(MARK, '');
  return rest === '' && line !== '' ? undefined : rest;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A command between two marks, which the guest puts together, so that an echo of this is none. */
function framed(command: string, id: number): string {
  const run = `eval ${quoted(command)} </dev/null`;
  return `printf '@%s\\n' 'begin ${id}'; ${run}; printf '@%s %d\\n' 'end ${id}' $?\n`;
}

/** The mark of a command at the end of a line, behind what the command printed last. */
function markOf(
  line: string,
  id: number,
): { kind: string; before: string; status: number | undefined } | undefined {
  const found = MARK.exec(line);
  if (found?.[2] !== String(id)) {
    return undefined;
  }
  const status = found[3] === undefined ? undefined : Number(found[3]);
  return { kind: found[1], before: line.slice(0, found.index), status };
}

export class SerialShell {
  private readonly input: Writable;
  private readonly lines: ConsoleLines;
  private readonly ending: Ending;
  /** Commands go one after another. */
  private previous: Promise<unknown> = Promise.resolve();
  private commands = 0;

  constructor(input: Writable, lines: ConsoleLines, ending: Ending) {
    this.input = input;
    this.lines = lines;
    this.ending = ending;
  }

  /**
   * Runs a command in the shell itself, so that its variables and descriptors stay. It reads
   * nothing. @throws QemuError when it does not end in time, or the guest does.
   */
  run(command: string, timeoutMs: number): Promise<ShellResult> {
    const result = this.previous.then(() => this.runNext(command, timeoutMs));
    this.previous = result.catch(() => {});
    return result;
  }

  private async runNext(command: string, timeoutMs: number): Promise<ShellResult> {
    this.commands += 1;
    const text = framed(command, this.commands);
    if (text.split('\n').some((line) => line.length > LONGEST_LINE)) {
      throw new RangeError(`A line of a guest's command has more than ${LONGEST_LINE} characters.`);
    }
    const output: string[] = [];
    let hasBegun = false;
    const result = this.waitFor(
      (line) => {
        const mark = markOf(line, this.commands);
        if (hasBegun) {
          output.push(mark?.before ?? line);
        }
        hasBegun ||= mark?.kind === 'begin';
        return mark?.status;
      },
      timeoutMs,
      `The guest's command "${command}"`,
    );
    this.input.write(text);
    try {
      return { status: await result, output: output.join('\n').trimEnd() };
    } catch (error) {
      this.input.write(INTERRUPT);
      throw error;
    }
  }

  /**
   * Resolves with what `match` makes of a line, once it makes something of one.
   * @param what  named in the error @throws QemuError
   */
  waitFor<T>(match: (line: string) => T | undefined, timeoutMs: number, what: string): Promise<T> {
    const { lines, ending } = this;
    return new Promise<T>((resolve, reject) => {
      const listener = (line: string): void => {
        const found = match(line);
        if (found !== undefined) {
          stop();
          resolve(found);
        }
      };
      const fail = (why: string): void => {
        stop();
        reject(new QemuError(`${what} ${why}; last on its console: ${lines.last}`));
      };
      const abort = (): void => fail('was given up');
      const timer = setTimeout(() => fail(`did not end within ${timeoutMs / 1000} s`), timeoutMs);
      const stop = (): void => {
        clearTimeout(timer);
        lines.listeners.delete(listener);
        ending.signal.removeEventListener('abort', abort);
      };
      if (ending.signal.aborted) {
        abort();
        return;
      }
      lines.listeners.add(listener);
      ending.signal.addEventListener('abort', abort);
      void ending.ended.then((why) => fail(`was cut off: ${why}`));
    });
  }
}
