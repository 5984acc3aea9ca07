/** Whether a built site is out of date, in a small repository made for it. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sourcesHash } from '../../build/sources.ts';

let folder: string;

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doorbell-sources-'));
  write('packages/lab/src/run.ts', 'run');
  write('packages/workbench/src/main.tsx', 'main');
  write('packages/workbench/index.html', 'page');
  write('docs/lessons/01.md', 'lesson');
  write('tsconfig.json', '{}');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('is the same however often it is asked for, and whenever files were written', () => {
  const before = sourcesHash(folder);
  utimesSync(join(folder, 'packages/lab/src/run.ts'), 1, 1);
  expect(sourcesHash(folder)).toBe(before);
  expect(before).toMatch(/^[0-9a-f]{64}$/);
});

it.each(['packages/lab/src/run.ts', 'packages/workbench/index.html', 'docs/lessons/01.md'])(
  'is another once %s has changed',
  (path) => {
    const before = sourcesHash(folder);
    write(path, 'changed');
    expect(sourcesHash(folder)).not.toBe(before);
  },
);

it('is another for a file that is new, has another name, or lies in another package', () => {
  const hashes = [sourcesHash(folder)];
  write('packages/lab/src/new.ts', '');
  hashes.push(sourcesHash(folder));
  renameSync(join(folder, 'packages/lab/src/new.ts'), join(folder, 'packages/lab/src/old.ts'));
  hashes.push(sourcesHash(folder));
  renameSync(
    join(folder, 'packages/lab/src/old.ts'),
    join(folder, 'packages/workbench/src/old.ts'),
  );
  hashes.push(sourcesHash(folder));
  expect(new Set(hashes).size).toBe(hashes.length);
});

it('does not hear of what is not in the site', () => {
  const before = sourcesHash(folder);
  write('packages/lab/test/run.test.ts', 'test');
  write('README.md', 'readme');
  expect(sourcesHash(folder)).toBe(before);
});
