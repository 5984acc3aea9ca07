import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { getCommand, missing, needStatus } from '../src/needs.ts';
import { describeWith } from './needs.ts';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'needs-'));
  vi.stubEnv('DOORBELL_CACHE', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

test('says of what is missing why, and the command that gets it', () => {
  expect(needStatus('linux', { platform: 'linux', arch: 'x64' })).toMatchObject({
    isThere: false,
    why: 'it has not been fetched',
    get: 'npx doorbell peers fetch linux',
  });
});

test('says where it is of no use to fetch anything', () => {
  expect(needStatus('koffi', { platform: 'darwin', arch: 'arm64' })).toMatchObject({
    isThere: false,
    why: 'it takes Linux on x86-64, and this is darwin on arm64',
    get: undefined,
  });
});

test("does not offer to fetch QEMU when it is the user's own that is of no use", () => {
  vi.stubEnv('DOORBELL_QEMU', '/nonexistent');
  const status = needStatus('qemu', { platform: 'linux', arch: 'x64' });
  expect(status).toMatchObject({ isThere: false, get: undefined });
  expect(status.why).toContain("DOORBELL_QEMU is '/nonexistent'");
});

test('gives one command for all that is missing', () => {
  const of = (get: string | undefined) => ({ ...needStatus('linux'), get });
  expect(
    getCommand([
      of('npx doorbell peers fetch qemu'),
      of('npm install --include=optional'),
      of('npx doorbell peers fetch linux'),
    ]),
  ).toBe('npx doorbell peers fetch qemu linux && npm install --include=optional');
  expect(getCommand([])).toBe('');
  expect(getCommand([of(undefined)])).toBe('');
});

test('lists what is missing alone', () => {
  vi.stubEnv('DOORBELL_QEMU', '/nonexistent');
  expect(missing(['qemu', 'linux']).map(({ need }) => need)).toEqual(['qemu', 'linux']);
  expect(missing([])).toEqual([]);
});

test('tests of what is missing fail where peers are required', () => {
  vi.stubEnv('DOORBELL_REQUIRE_PEERS', '1');
  expect(() => {
    describeWith(['linux'], 'a guest', () => undefined);
  }).toThrow(/'a guest' needs linux/);
});
