/** PNG files of a comparison. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { diffPicture, encodePng, type Mismatch, type Picture } from '@doorbell/lab';
import { fileFailure } from './failure.ts';

/** Refuses a folder that cannot be made or written into, before the work is done, and leaves nothing. */
export function checkFolder(folder: string): void {
  const made = makeFolder(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw fileFailure(error, 'write into', folder);
  } finally {
    made.reverse().forEach((path) => {
      rmdirSync(path);
    });
  }
}

/** Returns the folders that were not there, outermost first. @throws Failure */
export function makeFolder(folder: string): string[] {
  const made: string[] = [];
  try {
    makeLevels(resolve(folder), made);
  } catch (error) {
    throw fileFailure(error, 'make the folder', folder);
  }
  return made;
}

/** Node's own recursive mode never ends where the system refuses a folder below one that is there: /proc. */
function makeLevels(path: string, made: string[]): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    return;
  }
  if (!existsSync(dirname(path))) {
    makeLevels(dirname(path), made);
  }
  mkdirSync(path);
  made.push(path);
}

/** A stack's id in a file's name: `:` is not allowed in one everywhere. */
function fileName(id: string): string {
  return id.replaceAll(':', '_');
}

function writePicture(folder: string, name: string, picture: Picture): void {
  const path = join(folder, `${name}.png`);
  try {
    writeFileSync(path, encodePng(picture));
  } catch (error) {
    throw fileFailure(error, 'write', path);
  }
}

/** The last frame of each stack, as `native.png` and so on. */
export function writeLastFrames(folder: string, frames: ReadonlyMap<string, Picture>): void {
  makeFolder(folder);
  for (const [id, picture] of frames) {
    writePicture(folder, fileName(id), picture);
  }
}

/** The two pictures that should be the same, and their difference. */
export function writeMismatch(folder: string, mismatch: Mismatch): void {
  makeFolder(folder);
  const { frame, reference, stack, expected, seen } = mismatch;
  writePicture(folder, `frame-${frame}-${fileName(reference)}`, expected);
  writePicture(folder, `frame-${frame}-${fileName(stack)}`, seen);
  writePicture(folder, `frame-${frame}-difference`, diffPicture(expected, seen));
}
