import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Peer } from '@doorbell/peers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { meetAll, meetOne, type MeetAllOptions, type MeetOneOptions } from '../src/peers-run.ts';
import { readTrace } from '../src/trace-file.ts';
import { captured, doorbell } from './captured.ts';

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

/** Something drives a device of ours. */
const driven = peer('driven', {
  records: true,
  meet: async ({ recorder, check }) => {
    recorder?.say(recorder.event('command', 0x100, 0), 'GET_DISPLAY_INFO');
    check('it was driven', true, 'once');
  },
});

function traced(asked: Peer, trace: string, more: MeetOneOptions = {}) {
  const parts = { known: [passes, driven, asked] };
  return captured(() => meetOne(asked.name, { ...more, trace }, undefined, parts));
}

test('writes what drove our device as a trace, which is opened as others are', async () => {
  const file = join(folder, 'driven.trace');
  const { code, stdout, stderr } = await traced(driven, file, { json: '-' });
  expect(code).toBe(0);
  expect(stderr).toMatch(/^doorbell: .*driven\.trace: 1 events in wall-clock time, \d+ B$/m);
  expect(JSON.parse(stdout)).toMatchObject({ trace: { file, events: 1, whole: true } });
  const [recording] = readTrace(file);
  expect(recording).toMatchObject({ peer: { name: 'driven' }, error: undefined });
  const stepped = await doorbell(`step ${file} --script list`);
  expect(stepped.stdout).toContain('#1  0.000 us  command  GET_DISPLAY_INFO');
  const explained = await doorbell(`explain ${file}`);
  expect(explained).toMatchObject({ code: 0, stderr: '' });
  expect(explained.stdout).toMatch(/^driven: not watched\n {2}It is a real machine: /);
  const report = JSON.parse((await doorbell(`explain ${file} --json -`)).stdout) as object;
  expect(report).toMatchObject({ stuck: false, runs: [{ peer: 'driven', stuck: null }] });
  const compared = await doorbell(`trace diff ${file} ${file}`);
  expect(compared.code).toBe(2);
  expect(compared.stderr).toMatch(/^doorbell: .* is of the real peer driven: [^\n]+\n$/);
  expect((await doorbell(`trace export ${file} --format csv --out -`)).stdout).toContain('wallNs');
});

test('writes the trace of a run that fails, or that the user ends, and why it ended', async () => {
  const file = join(folder, 'failed.trace');
  const failing = peer('failing', {
    records: true,
    meet: async ({ recorder }) => {
      recorder?.event('kick', 0, 0);
      throw new Error('QEMU ended.');
    },
  });
  expect((await traced(failing, file)).code).toBe(1);
  expect(readTrace(file)[0].error).toBe('QEMU ended.');
  const ended = peer('ended', {
    records: true,
    meet: async ({ recorder, signal }) => {
      recorder?.event('kick', 0, 0);
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
        process.emit('SIGINT');
      });
    },
  });
  expect((await traced(ended, file)).error).toMatchObject({ name: 'Interrupted' });
  expect(readTrace(file)[0].error).toBe('The user ended it.');
});

test('writes no trace of nothing', async () => {
  const { stderr } = await traced(peer('idle', { records: true }), join(folder, 'idle.trace'));
  expect(stderr).toMatch(/^doorbell: Nothing was recorded, so '.*' was not written\.$/m);
  expect(readdirSync(folder)).not.toContain('idle.trace');
});

test('has no trace of a peer in which nothing drives our devices, and names the others', async () => {
  const { error } = await traced(passes, join(folder, 'no.trace'));
  expect(error).toMatchObject({
    exitCode: 2,
    message:
      "--trace records what drives a device of ours, and in 'passes' nothing does: take driven.",
  });
  expect((await traced(driven, join(folder, 'no', 'folder'))).error).toMatchObject({ exitCode: 2 });
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
