/** From whatever was thrown to an exit code and what the user is told. */
import { CommanderError } from 'commander';
import { exitCodes, type ExitCode } from './exit-code.ts';

/** Ends the command with an exit code and one line. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Errors of other packages that mean wrong input; by name, as importing their classes loads those packages. */
const inputErrors: ReadonlySet<string> = new Set(['InputError', 'ProfileError']);

/** Errors of other packages that mean a backend which is not there, or of no use; by name, too. */
const backendErrors: ReadonlySet<string> = new Set([
  'BackendFailed',
  'BackendUnavailable',
  'RendererUnavailable',
  'TransportLost',
]);

/** What the system answers when the disk, not the path, is to blame. */
const exhausted: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EIO']);

const systemWords: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'that is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'a file is in the way',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
};

/** The error of a file operation on a path that the user gave. */
export function fileFailure(error: unknown, what: string, path: string): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const why = systemWords[code] ?? (error instanceof Error ? error.message : String(error));
  const exitCode = exhausted.has(code) ? exitCodes.UNAVAILABLE : exitCodes.BAD_INPUT;
  return new Failure(exitCode, `Cannot ${what} '${path}': ${why}.`);
}

export interface Verdict {
  readonly exitCode: ExitCode;
  /** For stderr; empty when there is nothing to say. */
  readonly text: string;
}

/** Commander's message on one line: the suggestion stands below it, and `error:` before it. */
function commanderLine(error: CommanderError): string {
  const text = error.message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.)?]$/.test(text) ? '' : '.');
}

/** @param accepted one sentence on where to look, for what commander refuses. */
export function verdict(error: unknown, accepted: string): Verdict {
  if (error instanceof CommanderError) {
    return error.exitCode === 0
      ? { exitCode: exitCodes.DONE, text: '' }
      : { exitCode: exitCodes.BAD_INPUT, text: `doorbell: ${commanderLine(error)} ${accepted}` };
  }
  if (error instanceof Interrupted) {
    return { exitCode: exitCodes.INTERRUPTED, text: '' };
  }
  if (error instanceof Failure) {
    return { exitCode: error.exitCode, text: `doorbell: ${oneLine(error.message)}` };
  }
  if (error instanceof Error && inputErrors.has(error.name)) {
    return { exitCode: exitCodes.BAD_INPUT, text: `doorbell: ${oneLine(error.message)}` };
  }
  if (error instanceof Error && backendErrors.has(error.name)) {
    return { exitCode: exitCodes.UNAVAILABLE, text: `doorbell: ${oneLine(error.message)}` };
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: exitCodes.CHECK_FAILED, text: `doorbell: This is a bug.\n${trace}` };
}

/** What a message quotes of files and arguments may hold line ends, and escape sequences for the terminal. */
function oneLine(message: string): string {
  return message.replace(/\s*\p{Cc}[\p{Cc}\s]*/gu, ' ').trim();
}
