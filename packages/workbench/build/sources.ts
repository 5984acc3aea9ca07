/** What the site is made of, so that one that is no longer up to date is built anew. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashFolder } from '@doorbell/lab/node';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const own = 'packages/workbench';

/** Of the page itself, beside `src`. */
const others = [
  'docs/images',
  'docs/lessons',
  `${own}/build`,
  `${own}/index.html`,
  `${own}/package.json`,
  `${own}/vite.config.ts`,
  'package-lock.json',
  'tsconfig.json',
];

/**
 * SHA-256 over all files that go into the site; the time of a file says little after a `git checkout`.
 * @param folder  the repository.
 */
export function sourcesHash(folder = root): string {
  const packages = readdirSync(join(folder, 'packages')).map((name) => `packages/${name}/src`);
  const hash = createHash('sha256');
  for (const path of [...packages.sort(), ...others].filter((each) =>
    existsSync(join(folder, each)),
  )) {
    hash.update(`${path}\0${hashOf(join(folder, path))}\0`);
  }
  return hash.digest('hex');
}

function hashOf(path: string): string {
  return statSync(path).isDirectory()
    ? hashFolder(path)
    : createHash('sha256').update(readFileSync(path)).digest('hex');
}
