/** The command as a user starts it, in a process of its own where that matters. */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CompareReport } from '@doorbell/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doorbell as doorbellHere } from './captured.ts';

const bin = fileURLToPath(new URL('../bin/doorbell.mjs', import.meta.url));
const small = ['--scene', 'triangle', '--frames', '2', '--size', '64x48'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'doorbell-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function doorbell(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd: folder });
}

/** What two runs may differ in. */
function withoutWallTime(report: unknown): unknown {
  return JSON.parse(
    JSON.stringify(report, (key, value: unknown) => (key === 'wallMs' ? 0 : value)),
  );
}

test('compares stacks, and reports the same twice but for wall time', async () => {
  const { status, stdout } = doorbell('compare', ...small, '--json', '-');
  expect(status).toBe(0);
  const report = JSON.parse(stdout) as CompareReport;
  expect(report).toMatchObject({
    schema: 'doorbell.compare/1',
    scene: { name: 'triangle', frames: 2, width: 64, height: 48, seed: 1, guests: 1 },
    profile: 'kvm-x86',
    identical: true,
  });
  expect(report.stacks.map(({ id }) => id)).toEqual([
    'native',
    'passthrough',
    'sriov',
    'mdev',
    'emulated',
    'pv',
    'pv-assisted',
  ]);
  const [native, passthrough, sriov, mdev, emulated, pv, assisted] = report.stacks.map(
    ({ driver }) => driver,
  );
  expect([passthrough, sriov, mdev, emulated]).toEqual([native, native, native, native]);
  expect(pv.package).toBe('pv-frontend');
  expect(pv.sha256).not.toBe(native.sha256);
  expect(assisted).toEqual(pv);
  const again = await doorbellHere(`compare ${small.join(' ')} --json -`);
  expect(withoutWallTime(JSON.parse(again.stdout))).toEqual(withoutWallTime(report));
});

test('prints a table, and writes the last frames where it is told to', async () => {
  const frames = join(folder, 'frames');
  const { code, stdout } = await doorbellHere(`compare ${small.join(' ')} --png ${frames}`);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^triangle: 2 frames of 64x48 through native, passthrough, sriov, mdev, emulated,\s+pv/,
  );
  expect(stdout).toMatch(/^ +native +passthrough +sriov +mdev$/m);
  expect(stdout).toMatch(/^identical: yes, sha256 [0-9a-f]{16}/m);
  expect(readdirSync(frames).sort()).toEqual([
    'emulated.png',
    'mdev.png',
    'native.png',
    'passthrough.png',
    'pv-assisted.png',
    'pv.png',
    'sriov.png',
  ]);
});

test('is quiet when the reader of its output goes away', async () => {
  const child = spawn(process.execPath, [bin, 'lspci'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test.skipIf(process.platform === 'win32')('ends with 130 on Ctrl-C', async () => {
  const args = ['compare', '--scene', 'triangle', '--size', '64x48', '--frames', '100000'];
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.once('data', () => child.kill('SIGINT')); // the first stack is under way
  child.stdout.resume();
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on('close', (...ended) => {
      resolve(ended);
    });
  });
  expect({ code, signal }).toEqual({ code: 130, signal: null });
});
