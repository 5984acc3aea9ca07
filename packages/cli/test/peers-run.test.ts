import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Peer } from '@doorbell/peers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { meetAll, meetOne, type MeetAllOptions } from '../src/peers-run.ts';
import { captured } from './captured.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'peers-run-'));
  vi.stubEnv('DOORBELL_CACHE', join(folder, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const picture = { width: 2, height: 1, pixels: new Uint8Array(8).fill(255) };

function peer(name: string, more: Partial<Peer> = {}): Peer {
  return {
    name,
    summary: 'Ours meets theirs.',
    ...{ needs: [], isQuick: true, limitMs: 10_000 },
    meet: async (run) => {
      run.step('booting');
      run.console('Linux \x1b[2Jversion 6.1');
      run.check('the id is read', true, '0x010000ed');
      run.picture('first', picture);
      run.picture('the last', { ...picture, width: 1, height: 2 });
      run.counts('Accesses', { reads: 12_345, writes: 7 });
    },
    ...more,
  };
}

const passes = peer('passes');
const fails = peer('fails', {
  meet: async (run) => {
    run.check('the id is read', false, 'expected 1, saw 2');
  },
});
const lacks = peer('lacks', { needs: ['linux', 'qemu-7.2'], isQuick: false });

function all(known: readonly Peer[], options: MeetAllOptions = {}) {
  return captured(() => meetAll(options, undefined, { known }));
}

test('shows checks, counts and how it ended on stdout, and progress on stderr', async () => {
  const { code, stdout, stderr } = await all([passes]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^passes\n {2}Ours meets theirs\.\n {2}✓ the id is read: 0x010000ed\n/);
  expect(stdout).toMatch(/^ {2}Accesses\n {4}reads +12[^\d\n]?345\n {4}writes +7\n/m);
  expect(stdout).toMatch(/^ {2}passed: 1 check in \d+\.\d s\n/m);
  expect(stderr).toBe('booting\n  | Linux  [2Jversion 6.1\n');
});

test('says nothing of progress to those who want quiet', async () => {
  const { stdout, stderr } = await all([passes], { quiet: true });
  expect(stderr).toBe('');
  expect(stdout).toContain('✓ the id is read');
});

test('ends with 1 when a check failed, after all that there is to meet', async () => {
  const { code, stdout, stderr } = await all([fails, passes]);
  expect(code).toBe(1);
  expect(stdout).toContain('✗ the id is read: expected 1, saw 2');
  expect(stdout).toContain('passed: ');
  expect(stderr).toMatch(/^doorbell: Failed: fails\.$/m);
});

test('ends with 3 when something is missing, and says the command that gets it', async () => {
  const { code, stdout, stderr } = await all([lacks, passes]);
  expect(code).toBe(3);
  expect(stdout).toContain('passed: ');
  expect(stdout).toMatch(/missing: linux: it has not been fetched/);
  expect(stderr).toMatch(
    /^doorbell: Not met: lacks; get what they need with: npx doorbell peers fetch linux qemu-7\.2$/m,
  );
});

test('ends with 1 when a check failed and something is missing', async () => {
  expect((await all([lacks, fails])).code).toBe(1);
});

test('leaves out what boots Linux when it is to be quick', async () => {
  const { code, stdout } = await all([lacks, passes], { quick: true });
  expect(code).toBe(0);
  expect(stdout).not.toContain('lacks');
});

test('shows where an error came from that nobody foresaw, and only then', async () => {
  const unforeseen = peer('unforeseen', { meet: () => Promise.reject(new TypeError('no bus')) });
  expect((await all([unforeseen])).stdout).toMatch(/failed: no bus\n {4}at .*peers-run\.test\.ts/);
  const qemu = Object.assign(new Error('QEMU ended.'), { name: 'QemuError' });
  const foreseen = peer('foreseen', { meet: () => Promise.reject(qemu) });
  expect((await all([foreseen])).stdout).not.toContain('    at ');
});

test('writes JSON with all results, and nothing else on stdout', async () => {
  const { code, stdout } = await all([passes, fails, lacks], { json: '-' });
  expect(code).toBe(1);
  const report = JSON.parse(stdout) as object;
  expect(report).toMatchObject({
    schema: 'doorbell.peers/1',
    peers: [
      {
        ...{ name: 'passes', status: 'passed', why: '', get: '' },
        checks: [{ name: 'the id is read', passed: true, detail: '0x010000ed' }],
        counts: [{ title: 'Accesses', counts: { reads: 12_345, writes: 7 } }],
        pictures: ['first', 'the last'],
      },
      { name: 'fails', status: 'failed' },
      { name: 'lacks', status: 'missing', get: 'npx doorbell peers fetch linux qemu-7.2' },
    ],
  });
});

test('writes all pictures into a folder', async () => {
  const { code } = await all([passes, fails], { picture: join(folder, 'pictures') });
  expect(code).toBe(1);
  expect(readdirSync(join(folder, 'pictures'))).toEqual([
    'passes-first.png',
    'passes-the-last.png',
  ]);
});

test('writes the last picture into a file', async () => {
  const file = join(folder, 'last.png');
  const options = { picture: file };
  expect(
    await captured(() => meetOne('passes', options, undefined, { known: [passes] })),
  ).toMatchObject({
    code: 0,
  });
  const png = readFileSync(file);
  expect(String(png.subarray(1, 4))).toBe('PNG');
  expect(png.readUInt32BE(16)).toBe(1); // its width
});

test('does not take one file for the pictures of all', async () => {
  await expect(meetAll({ picture: 'x.png' }, undefined, { known: [passes] })).rejects.toMatchObject(
    {
      exitCode: 2,
    },
  );
});

test('names those that there are to whoever asks for another', async () => {
  const asked = meetOne('passed', {}, undefined, { known: [passes, fails] });
  await expect(asked).rejects.toMatchObject({ exitCode: 2, message: /passes, fails\.$/ });
});

test.each([
  [passes, /'passes' has no guest with a console/],
  [lacks, /to a terminal, and this is none/],
])('has no console to hand over where there is none, or no terminal', async (asked, message) => {
  const known = [asked];
  await expect(meetOne(asked.name, { keep: true }, undefined, { known })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(message),
  });
});

test('Ctrl-C ends it once the peer has ended, and nothing more is met', async () => {
  let hasEnded = false;
  const waits = peer('waits', {
    meet: async ({ signal }) => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
        process.emit('SIGINT');
      });
      hasEnded = true;
    },
  });
  const next = vi.fn();
  const { error } = await captured(() =>
    meetAll({}, undefined, { known: [waits, peer('next', { meet: next })] }),
  );
  expect(error).toMatchObject({ name: 'Interrupted' });
  expect(hasEnded).toBe(true);
  expect(next).not.toHaveBeenCalled();
});
