/** Traces from files: all of one, or one stack of it, as `FILE#STACK`. */
import { existsSync, readFileSync } from 'node:fs';
import { loadTrace, recordingName, type Recording } from '@doorbell/lab';
import { exitCodes } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';
import { labEnvironment } from '@doorbell/lab/node';

/** @throws Failure, InputError */
export function readTrace(fileAndStack: string): readonly Recording[] {
  const { file, stack } = split(fileAndStack);
  const recordings = loadTrace(file, read(file), labEnvironment.sha256);
  if (stack === undefined) {
    return recordings;
  }
  const known = recordings.map(recordingName);
  const at = known.indexOf(stack);
  if (at < 0) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `There is no stack '${stack}' in ${file}; there is ${known.join(', ')}.`,
    );
  }
  return [recordings[at]];
}

/** A file may have a # in its name; a stack has none. */
function split(text: string): { readonly file: string; readonly stack: string | undefined } {
  const at = text.lastIndexOf('#');
  return at < 0 || existsSync(text)
    ? { file: text, stack: undefined }
    : { file: text.slice(0, at), stack: text.slice(at + 1) };
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileFailure(error, 'read', path);
  }
}
