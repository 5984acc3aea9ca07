import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { profiles } from '@doorbell/hypervisor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadProfile, profileTitle } from '../src/profile-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'profile-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('tells a file from the profile that ships under the same name', () => {
  const shipped = loadProfile('free');
  const path = join(folder, 'free.json');
  writeFileSync(path, JSON.stringify(shipped));
  expect(profileTitle(shipped, 'free')).toMatch(/^free \(0 of \d+ prices verified\)$/);
  const title = profileTitle(loadProfile(path), path);
  expect(title.startsWith(`free from ${path} (0 of `)).toBe(true);
});

test('reads a file that begins with a byte order mark', () => {
  const path = join(folder, 'marked.json');
  writeFileSync(path, `\uFEFF${JSON.stringify(profiles.get('kvm-x86'))}`);
  expect(loadProfile(path)).toEqual(profiles.get('kvm-x86'));
});
