/** A file that a verb writes: refused before the work is done, and never half written. */
import {
  closeSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { exitCodes } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';

/** Refuses a file that cannot be written, and leaves none. @param flag  whose it is. */
export function checkOutput(flag: string, path: string): void {
  if (path === '') {
    throw new Failure(exitCodes.BAD_INPUT, `${flag} is empty: give a file.`);
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

/** What was there is replaced once all is written: a full disk takes nothing from anyone. @throws Failure */
export function writeOutput(path: string, contents: Uint8Array | string): void {
  const before = lstatSync(path, { throwIfNoEntry: false });
  // Through a link, into a device or a pipe there is no other way than to write.
  if (before !== undefined && !before.isFile()) {
    write(path, path, contents);
    return;
  }
  const beside = `${path}.part`;
  write(beside, path, contents);
  renameSync(beside, path);
}

function write(into: string, path: string, contents: Uint8Array | string): void {
  try {
    writeFileSync(into, contents);
  } catch (error) {
    if (into !== path) {
      rmSync(into, { force: true });
    }
    throw fileFailure(error, 'write', path);
  }
}
