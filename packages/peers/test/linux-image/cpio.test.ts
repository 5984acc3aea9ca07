import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LinuxBundle } from '../../src/linux/bundle.ts';
import { type ArchiveEntry, encodeCpio } from '../../src/linux/cpio.ts';

const content = Buffer.from('hello\n');
const entries: readonly ArchiveEntry[] = [
  { kind: 'folder', path: 'bin' },
  { kind: 'file', path: 'bin/run', bytes: content, isProgram: true },
  { kind: 'link', path: 'bin/sh', to: 'run' },
  { kind: 'file', path: 'odd', bytes: Buffer.from('abc') },
  { kind: 'file', path: 'empty', bytes: Buffer.alloc(0) },
];

/** The guest's busybox runs on this system too: it is linked statically. */
function bundledBusybox(): string[] {
  try {
    return [new LinuxBundle().path('bin/busybox')];
  } catch {
    return [];
  }
}

/** Programs that unpack such an archive from their input, in the folder where they run. */
const witnesses: readonly (readonly [string, readonly string[]])[] = [
  ['cpio', ['-id', '--quiet']],
  ['bsdtar', ['-xf', '-']],
  ...['busybox', ...bundledBusybox()].map((busybox) => [busybox, ['cpio', '-id']] as const),
];

/** Undefined: the system has none of them. */
function findWitness(): (typeof witnesses)[number] | undefined {
  return witnesses.find(([program]) => {
    try {
      execFileSync('which', [program], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

describe('encodeCpio', () => {
  it('writes a header of 13 numbers, the name and the content, each to a multiple of 4', () => {
    const archive = Buffer.from(encodeCpio([{ kind: 'file', path: 'a', bytes: content }]));
    // buffer-format.rst: magic, ino, mode 100644, uid, gid, nlink, mtime, filesize, 4 device
    // numbers, namesize with its zero byte, and a checksum that is 0 in this format.
    const header =
      '070701' +
      '00000001' +
      '000081a4' +
      '0000000000000000' +
      '00000001' +
      '00000000' +
      '00000006' +
      '00000000000000000000000000000000' +
      '00000002' +
      '00000000';
    expect(archive.subarray(0, 110).toString()).toBe(header);
    expect(archive.subarray(110, 120)).toEqual(Buffer.from('a\0hello\n\0\0'));
    expect(archive.subarray(120, 126).toString()).toBe('070701');
    expect(archive.subarray(230).toString()).toBe('TRAILER!!!\0\0\0\0');
  });

  it('gives the same bytes for the same entries', () => {
    expect(encodeCpio(entries)).toEqual(encodeCpio(entries));
  });
});

const witness = findWitness();
describe.skipIf(witness === undefined)(
  `an archive, unpacked by ${basename(witness?.[0] ?? 'nobody')}`,
  () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'cpio-'));
      const [program, args] = witness!;
      execFileSync(program, args, { cwd: folder, input: encodeCpio(entries), stdio: 'pipe' });
    });
    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    it('has files with their contents', () => {
      expect(readFileSync(join(folder, 'bin/run'))).toEqual(content);
      expect(readFileSync(join(folder, 'odd'), 'utf8')).toBe('abc');
      expect(statSync(join(folder, 'empty')).size).toBe(0);
    });

    it('has programs that may be run, and other files that may not', () => {
      expect(statSync(join(folder, 'bin/run')).mode & 0o111).not.toBe(0);
      expect(statSync(join(folder, 'odd')).mode & 0o111).toBe(0);
    });

    it('has links', () => {
      expect(readlinkSync(join(folder, 'bin/sh'))).toBe('run');
    });
  },
);
