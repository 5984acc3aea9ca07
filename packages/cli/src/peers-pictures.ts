/** What peers showed, as PNG files. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodePng } from '@doorbell/lab';
import type { NamedPicture, PeerResult } from '@doorbell/peers';
import { fileFailure } from './failure.ts';
import { checkFolder, makeFolder } from './picture-files.ts';

function isFile(path: string): boolean {
  return path.endsWith('.png');
}

/** Refuses what cannot be written, before the work is done. @throws Failure */
export function checkPictureTarget(path: string | undefined): void {
  if (path !== undefined) {
    checkFolder(isFile(path) ? dirname(path) : path);
  }
}

/** The last picture into FILE.png, or all into a folder, as `PEER-PICTURE.png`. @throws Failure */
export function writePictures(path: string | undefined, results: readonly PeerResult[]): void {
  if (path === undefined) {
    return;
  }
  const all = results.flatMap(({ name, pictures }) =>
    pictures.map((each) => ({ ...each, name: `${name}-${each.name}` })),
  );
  makeFolder(isFile(path) ? dirname(path) : path);
  if (!isFile(path)) {
    all.forEach((each) => {
      write(join(path, `${fileName(each.name)}.png`), each);
    });
  } else if (all.length > 0) {
    write(path, all[all.length - 1]);
  }
}

/** Words for people, as part of a path. */
function fileName(name: string): string {
  return name.replace(/[^\w.-]+/g, '-');
}

function write(path: string, { picture }: NamedPicture): void {
  const png = encodePng(picture);
  try {
    writeFileSync(path, png);
  } catch (error) {
    throw fileFailure(error, 'write', path);
  }
}
