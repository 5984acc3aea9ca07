/** Programs of the system: run to their end, or until the user gives up. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** It could not be fetched. The message says why, in a line. */
export class FetchError extends Error {
  override readonly name = 'FetchError';
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  /** Lines that the program writes to its descriptor 3. */
  readonly onStatus?: (line: string) => void;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  running.forEach(end);
});

/** Its whole group: apt-get has processes that download. */
function end(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGTERM');
  } catch {
    // It has ended, or never began.
  }
}

/** @throws FetchError when there is no such program, the signal's reason when it was ended. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<Ended> {
  const child = start(command, args, options, 'ignore');
  const { onStatus } = options;
  if (onStatus !== undefined) {
    createInterface({ input: child.stdio[3] as Readable }).on('line', onStatus);
  }
  return await ended(command, child, options.signal);
}

/** `from | to`. @returns the ends of both. */
export async function runPipe(
  from: readonly [command: string, ...args: string[]],
  to: readonly [command: string, ...args: string[]],
  options: ProgramOptions,
): Promise<readonly [Ended, Ended]> {
  const [source, ...sourceArgs] = from;
  const [sink, ...sinkArgs] = to;
  const writer = start(source, sourceArgs, options, 'ignore');
  const reader = start(sink, sinkArgs, options, 'pipe');
  // A reader that has seen enough, or failed, closes it: its status tells of that.
  const piped = pipeline(writer.stdout!, reader.stdin!).catch(() => {});
  const [writerEnd, readerEnd] = await Promise.all([
    ended(source, writer, options.signal, false),
    ended(sink, reader, options.signal),
    piped,
  ]);
  return [writerEnd, readerEnd];
}

function start(
  command: string,
  args: readonly string[],
  { signal, cwd, onStatus }: ProgramOptions,
  stdin: 'ignore' | 'pipe',
): ChildProcess {
  signal.throwIfAborted();
  const status = onStatus === undefined ? [] : (['pipe'] as const);
  const child = spawn(command, args, {
    stdio: [stdin, 'pipe', 'pipe', ...status],
    env: { ...process.env, LC_ALL: 'C' },
    detached: true, // Ctrl-C is for the process that the user sees; it ends this one.
    ...(cwd === undefined ? {} : { cwd }),
  });
  running.add(child);
  return child;
}

function ended(
  command: string,
  child: ChildProcess,
  signal: AbortSignal,
  keepsOutput = true,
): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  if (keepsOutput) {
    child.stdout!.on('data', (text: Buffer) => (said.stdout += text.toString()));
  }
  child.stderr!.on('data', (text: Buffer) => (said.stderr += text.toString()));
  const abort = (): void => {
    end(child);
  };
  signal.addEventListener('abort', abort);
  return new Promise<Ended>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? absent(command) : error);
    });
    child.once('close', (status) => {
      resolve({ status, ...said });
    });
  })
    .finally(() => {
      running.delete(child);
      signal.removeEventListener('abort', abort);
    })
    .then((end) => {
      signal.throwIfAborted();
      return end;
    });
}

function absent(command: string): FetchError {
  return new FetchError(
    `This system has no ${command}: Debian and Ubuntu have it, and other systems a package of that name.`,
  );
}
