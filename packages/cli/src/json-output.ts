/** Where `--json` goes: a file, or `-` for stdout. */
import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { exitCodes } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';

export const TO_STDOUT = '-';

/** Refuses a file that cannot be written, before the work is done rather than after it. */
export function checkJsonTarget(path: string | undefined): void {
  if (path === undefined || path === TO_STDOUT) {
    return;
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new Failure(exitCodes.BAD_INPUT, `Cannot write '${path}': that is a folder.`);
  }
  try {
    accessSync(dirname(path), constants.W_OK);
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
