import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PeerUnavailable } from '../../src/peer-unavailable.ts';
import { findEmulator, type Emulator } from '../../src/qemu/emulator.ts';
import { describeWith } from '../needs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emulator-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function saying(text: string): string {
  const path = join(folder, 'qemu');
  writeFileSync(path, `#!/bin/sh\necho '${text}'\n`);
  chmodSync(path, 0o755);
  return path;
}

function version({ command }: Emulator): string {
  return String(spawnSync(command, ['--version']).stdout);
}

describeWith(['qemu', 'qemu-7.2'], 'the emulators', () => {
  test('are of the versions that their names promise', () => {
    expect(version(findEmulator('qemu'))).toMatch(/version 11\.[1-9]/);
    expect(version(findEmulator('qemu-7.2'))).toMatch(/version 7\.2\./);
  });
});

test('says how to get what is not there', () => {
  vi.stubEnv('DOORBELL_CACHE', folder);
  expect(() => findEmulator('qemu-7.2')).toThrow(PeerUnavailable);
  expect(() => findEmulator('qemu-7.2')).toThrow('npx doorbell peers fetch qemu-7.2');
});

test.each(['11.1.0', '11.12.3', '12.0.50 (v12.0.0-rc1)'])("takes the user's own QEMU %s", (own) => {
  const path = saying(`QEMU emulator version ${own}`);
  vi.stubEnv('DOORBELL_QEMU', path);
  expect(findEmulator('qemu')).toEqual({ command: path });
});

test.each([
  ['QEMU emulator version 10.0.2 (Debian)', 'QEMU 10.0: it takes 11.1 or later'],
  ['QEMU emulator version 11.0.9', 'QEMU 11.0: it takes 11.1 or later'],
  ['something else', 'which is no QEMU: something else'],
])("refuses the user's own that says '%s'", (said, why) => {
  vi.stubEnv('DOORBELL_QEMU', saying(said));
  expect(() => findEmulator('qemu')).toThrow(PeerUnavailable);
  expect(() => findEmulator('qemu')).toThrow(why);
});

test("refuses the user's own that is not there", () => {
  vi.stubEnv('DOORBELL_QEMU', join(folder, 'none'));
  expect(() => findEmulator('qemu')).toThrow(/none', which is no QEMU: .*ENOENT/);
});

test("the user's own is in the place of no other", () => {
  vi.stubEnv('DOORBELL_QEMU', saying('QEMU emulator version 11.1.0'));
  vi.stubEnv('DOORBELL_CACHE', folder);
  expect(() => findEmulator('qemu-7.2')).toThrow(/qemu-7\.2 is missing/);
});
