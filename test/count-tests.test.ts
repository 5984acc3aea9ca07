import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../scripts/count-tests.mjs', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'count-'));
  for (const name of ['packages/a', 'packages/b', 'test']) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'package.json'), '{}');
    report(name, 2, 0);
  }
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function report(name: string, passed: number, failed: number, files: object[] = []): void {
  writeFileSync(
    join(folder, name, 'report.json'),
    JSON.stringify({ numPassedTests: passed, numFailedTests: failed, testResults: files }),
  );
}

function count(failedStages: number): { line: string; status: number | null } {
  const { status, stdout } = spawnSync(
    process.execPath,
    [script, 'report.json', String(failedStages)],
    { cwd: folder, encoding: 'utf8' },
  );
  return { line: stdout.trimEnd(), status };
}

test('adds the reports of all packages up', () => {
  expect(count(0)).toEqual({ line: '6 passed, 0 failed', status: 0 });
});

test('counts a failed test once, although its stage failed as well', () => {
  report('packages/b', 1, 2);
  expect(count(1)).toEqual({ line: '5 passed, 2 failed', status: 1 });
});

test('counts a file that did not load', () => {
  report('packages/b', 1, 0, [{ status: 'failed', assertionResults: [] }]);
  expect(count(1)).toEqual({ line: '5 passed, 1 failed', status: 1 });
});

test('counts a package that left no report', () => {
  rmSync(join(folder, 'packages/b/report.json'));
  expect(count(0)).toEqual({ line: '4 passed, 1 failed', status: 1 });
});

test('counts a stage that failed though every test passed', () => {
  expect(count(1)).toEqual({ line: '6 passed, 1 failed', status: 1 });
});
