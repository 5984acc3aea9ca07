/** The hash that shows that a driver is the same in every stack: over its package's sources. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The packages by name; spelled out, so that tools see what is depended on. */
const entries: Readonly<Record<string, () => string>> = {
  'guest-driver': () => import.meta.resolve('@doorbell/guest-driver'),
  'pv-frontend': () => import.meta.resolve('@doorbell/pv-frontend'),
};

const known = new Map<string, string>();

/** SHA-256 over all files under `folder`: each one's path, its length, its bytes, in order of path. */
export function hashFolder(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  const hash = createHash('sha256');
  for (const file of files) {
    const bytes = readFileSync(join(folder, file));
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/** @param driver a package's name without its scope. */
export function driverSha256(driver: string): string {
  const cached = known.get(driver);
  if (cached !== undefined) {
    return cached;
  }
  const entry = entries[driver];
  if (entry === undefined) {
    throw new RangeError(`There is no driver '${driver}'.`);
  }
  const sha256 = hashFolder(dirname(fileURLToPath(entry())));
  known.set(driver, sha256);
  return sha256;
}
