/** Where `--json` goes: a file, or `-` for stdout. */
import { closeSync, lstatSync, openSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { exitCodes } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';

export const TO_STDOUT = '-';

/** Refuses a file that cannot be written, before the work is done rather than after it, and leaves none. */
export function checkJsonTarget(path: string | undefined): void {
  if (path === undefined || path === TO_STDOUT) {
    return;
  }
  if (path === '') {
    throw new Failure(exitCodes.BAD_INPUT, '--json is empty: give a file, or - for stdout.');
  }
  try {
    const isMissing = lstatSync(path, { throwIfNoEntry: false }) === undefined;
    const target = statSync(path, { throwIfNoEntry: false });
    // Devices and pipes are not tried: the reader of a pipe would take this for the end.
    if (target === undefined || target.isFile() || target.isDirectory()) {
      closeSync(openSync(path, 'a'));
    }
    if (isMissing) {
      unlinkSync(path);
    }
  } catch (error) {
    throw fileFailure(error, 'write', path);
  }
}

export function writeJson(path: string, value: unknown): void {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (path === TO_STDOUT) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw fileFailure(error, 'write', path);
  }
}
