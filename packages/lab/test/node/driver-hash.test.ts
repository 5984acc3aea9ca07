import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { driverSha256, hashFolder } from '../../src/node/driver-hash.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driver-'));
  mkdirSync(join(folder, 'b'));
  writeFileSync(join(folder, 'b/c.ts'), 'ring');
  writeFileSync(join(folder, 'a.ts'), 'bell\n');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('hashes path, length and bytes of every file, in order of path', () => {
  // printf 'a.ts\0005\0bell\nb/c.ts\0004\0ring' | sha256sum
  expect(hashFolder(folder)).toBe(
    '4d7f1d09e331d1d631ac37db69500d179ed4bab37373104cbd19fbc3743cdb76',
  );
});

test('tells a moved byte, a renamed file and a new file', () => {
  const before = hashFolder(folder);
  writeFileSync(join(folder, 'a.ts'), 'bell');
  writeFileSync(join(folder, 'b/c.ts'), '\nring');
  const moved = hashFolder(folder);
  writeFileSync(join(folder, 'd.ts'), '');
  expect(new Set([before, moved, hashFolder(folder)]).size).toBe(3);
});

test("finds the driver's package", () => {
  expect(driverSha256('guest-driver')).toMatch(/^[0-9a-f]{64}$/);
});
