/** The hash that shows that a driver is the same in every stack: over its package's sources. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { driverFolder, filesOf } from './driver-files.ts';

const known = new Map<string, string>();

/** SHA-256 over all files under `folder`: each one's path, its length, its bytes, in order of path. */
export function hashFolder(folder: string): string {
  const hash = createHash('sha256');
  for (const file of filesOf(folder)) {
    const bytes = readFileSync(join(folder, file));
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/** @param driver  a package's name without its scope. @throws RangeError when there is none such. */
export function driverSha256(driver: string): string {
  const cached = known.get(driver);
  if (cached !== undefined) {
    return cached;
  }
  const sha256 = hashFolder(driverFolder(driver));
  known.set(driver, sha256);
  return sha256;
}
