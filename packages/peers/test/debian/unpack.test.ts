import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FetchError } from '../../src/debian/program.ts';
import { makeRoot, tarComplaints, unpack } from '../../src/debian/unpack.ts';

const { signal } = new AbortController();
const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;

let folder: string;
let root: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unpack-'));
  root = join(folder, 'root');
  makeRoot(root);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A package, by Debian's own program. */
function build(files: Readonly<Record<string, string>>): string {
  const tree = join(folder, 'tree');
  for (const [path, text] of Object.entries({
    ...files,
    'DEBIAN/control':
      'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: N <n@example.org>\nDescription: x\n',
  })) {
    mkdirSync(join(tree, path, '..'), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  symlinkSync('libx.so.1', join(tree, 'lib', 'libx.so'));
  const archive = join(folder, 'x.deb');
  const { status, stderr } = spawnSync('dpkg-deb', [
    '--build',
    '--root-owner-group',
    tree,
    archive,
  ]);
  expect(status, String(stderr)).toBe(0);
  return archive;
}

describe.runIf(hasDpkg)('a package', () => {
  test('is unpacked in part, with /lib in /usr/lib', async () => {
    const archive = build({
      'lib/libx.so.1': 'code',
      'usr/share/doc/x': 'words',
      'lib/a/b.so': '',
    });
    expect(await unpack(archive, root, ['lib/*.so*', 'bin/x'], signal)).toEqual(['bin/x']);
    expect(readFileSync(join(root, 'usr/lib/libx.so.1'), 'utf8')).toBe('code');
    expect(readlinkSync(join(root, 'usr/lib/libx.so'))).toBe('libx.so.1');
    expect(readlinkSync(join(root, 'lib'))).toBe('usr/lib');
    expect(existsSync(join(root, 'usr/share'))).toBe(false);
    // A star is for one folder's files.
    expect(existsSync(join(root, 'usr/lib/a'))).toBe(false);
  });

  test('that has nothing of what is wanted is no error', async () => {
    const archive = build({ 'lib/libx.so.1': 'code' });
    expect(await unpack(archive, root, ['boot/vmlinuz-*'], signal)).toEqual(['boot/vmlinuz-*']);
  });

  test('that is cut short is one', async () => {
    const archive = build({ 'lib/libx.so.1': 'code'.repeat(100_000) });
    writeFileSync(archive, readFileSync(archive).subarray(0, 500));
    await expect(unpack(archive, root, ['lib/*'], signal)).rejects.toThrow(FetchError);
  });

  test('is not unpacked where there is no room for it', async () => {
    const archive = build({ 'lib/libx.so.1': 'code' });
    rmSync(join(root, 'usr/lib'), { recursive: true });
    writeFileSync(join(root, 'usr/lib'), 'in the way');
    await expect(unpack(archive, root, ['lib/*'], signal)).rejects.toThrow(/^tar failed: /);
  });
});

test("tells wildcards that match nothing from tar's other complaints", () => {
  const said = `tar: ./boot/vmlinuz-*: Not found in archive
tar: Exiting with failure status due to previous errors
tar: ./lib/libx.so.1: Cannot open: No space left on device
`;
  expect(tarComplaints(said)).toEqual({
    absent: ['boot/vmlinuz-*'],
    complaints: ['tar: ./lib/libx.so.1: Cannot open: No space left on device'],
  });
});
