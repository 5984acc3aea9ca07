import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { profiles } from '@doorbell/hypervisor';
import { VfioLab, type LabResult } from '@doorbell/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../src/command.ts';
import { vfioPrompt } from '../src/vfio-prompt.ts';
import { captured } from './captured.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfio-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const doorbell = (...args: string[]): ReturnType<typeof captured> =>
  captured(() => runCommand(['vfio', ...args]));

function script(...lines: string[]): string {
  const file = join(folder, 'script');
  writeFileSync(file, lines.join('\n'));
  return file;
}

test('a script shows each command and what it says', async () => {
  const file = script('# a comment', 'driver 01:00.0', '', '! EBUSY bind bell 01:00.0');
  const { code, stdout, stderr } = await doorbell(file);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe(
    [
      'vfio> # a comment',
      'vfio> driver 01:00.0',
      '01:00.0: bell',
      'vfio> ! EBUSY bind bell 01:00.0',
      'EBUSY: 01:00.0 is bound to bell already.',
      '',
    ].join('\n'),
  );
});

test('a command that is refused ends the script with exit code 1', async () => {
  const { code, stdout } = await doorbell('-c', 'unbind 01:00.1', 'unbind 01:00.1', 'lspci');
  expect(code).toBe(1);
  expect(stdout).toMatch(/ENODEV: 01:00\.1 is not bound to a driver\.\n$/);
});

test('what is no command is told with its line, and exit code 2', async () => {
  const { code, stderr } = await doorbell(script('lspci', 'nonsense'));
  expect(code).toBe(2);
  expect(stderr).toBe("doorbell: Line 2: There is no command 'nonsense'; see 'help'.\n");
});

test.each([
  [['--machine', 'laptop', '-c', 'lspci'], /'laptop'; there is board, desktop/],
  [['no-such-file'], /Cannot read 'no-such-file'/],
  [['script', '-c', 'lspci'], /not both/],
])('%j is refused with exit code 2', async (args, message) => {
  const { code, stderr } = await doorbell(...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test('what was said goes to a file as JSON, failed or not', async () => {
  const file = join(folder, 'said.json');
  const { code } = await doorbell(
    '--json',
    file,
    '-c',
    'driver 01:00.0',
    'unbind 00:01.0',
    'unbind 00:01.0',
  );
  expect(code).toBe(1);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    schema: 'doorbell.vfio/1',
    machine: 'board',
    commands: [
      { line: 'driver 01:00.0', status: 'done', text: '01:00.0: bell' },
      { status: 'done' },
      { status: 'failed', errno: 'ENODEV' },
    ],
  });
});

test('with --json - there is nothing but JSON', async () => {
  const { stdout } = await doorbell('--json', '-', '-c', 'groups');
  expect(JSON.parse(stdout)).toMatchObject({ commands: [{ line: 'groups' }] });
});

/** A prompt whose keys are `typed`, and what it wrote. */
async function prompt(
  typed: string,
): Promise<{ code: number; text: string; results: LabResult[] }> {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), {
    isTTY: false,
  }) as unknown as NodeJS.WriteStream;
  let text = '';
  output.on('data', (bytes: Buffer) => (text += bytes.toString()));
  const results: LabResult[] = [];
  const lab = new VfioLab({ machine: 'board', profile: profiles.get('free')! });
  input.end(typed);
  const code = await vfioPrompt(lab, results, { input, output });
  return { code, text, results };
}

test('the prompt goes on after a refusal, and names the user', async () => {
  const { code, text, results } = await prompt(
    'unbind 01:00.1\nunbind 01:00.1\nuser alice\nwrong\n',
  );
  expect(code).toBe(0);
  expect(results.map(({ status }) => status)).toEqual(['done', 'failed', 'done', 'wrong']);
  expect(text).toMatch(/^'help' lists the commands.*\nqemu> /);
  expect(text).toContain('ENODEV: 01:00.1 is not bound to a driver.\nqemu> ');
  expect(text).toMatch(/alice> There is no command 'wrong'.*\nalice> $/);
});

test('exit leaves the prompt', async () => {
  const { code, results } = await prompt('lspci\n exit \nlspci\n');
  expect([code, results.length]).toEqual([0, 1]);
});
