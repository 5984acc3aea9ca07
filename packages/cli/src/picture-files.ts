/** PNG files of a comparison. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diffPicture, encodePng, type Mismatch, type Picture } from '@doorbell/lab';
import { fileFailure } from './failure.ts';

/** @throws Failure */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw fileFailure(error, 'make the folder', folder);
  }
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
