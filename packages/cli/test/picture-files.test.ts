import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePng } from '@doorbell/lab';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkFolder, writeLastFrames, writeMismatch } from '../src/picture-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pictures-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const dot = (...pixels: number[]): { width: number; height: number; pixels: Uint8Array } => ({
  width: 1,
  height: 1,
  pixels: Uint8Array.from(pixels),
});

test("writes each stack's last frame, into a folder that it makes", () => {
  const into = join(folder, 'a/b');
  const frames = new Map([
    ['native', dot(1, 2, 3, 255)],
    ['emulated:vram=trap', dot(4, 5, 6, 255)],
  ]);
  writeLastFrames(into, frames);
  expect(readdirSync(into).sort()).toEqual(['emulated_vram=trap.png', 'native.png']);
  const bytes = readFileSync(join(into, 'native.png'));
  expect(decodePng('native.png', bytes)).toEqual(dot(1, 2, 3, 255));
});

test('writes both pictures of a mismatch, and their difference', () => {
  writeMismatch(folder, {
    frame: 12,
    reference: 'native',
    stack: 'emulated',
    expected: dot(0, 0, 0, 255),
    seen: dot(0, 9, 0, 255),
  });
  expect(readdirSync(folder).sort()).toEqual([
    'frame-12-difference.png',
    'frame-12-emulated.png',
    'frame-12-native.png',
  ]);
});

test('names the folder that cannot be made', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => {
    writeLastFrames(join(file, 'folder'), new Map());
  }).toThrow(/Cannot make the folder '.*folder': a part of the path is not a folder\./);
});

test('tries a folder without leaving one behind', () => {
  checkFolder(join(folder, 'a/b'));
  checkFolder(folder);
  expect(readdirSync(folder)).toEqual([]);
});

test.runIf(process.platform === 'linux')('ends where the system refuses a folder', () => {
  expect(() => {
    checkFolder('/proc/absent/folder');
  }).toThrow("Cannot make the folder '/proc/absent/folder'");
});
