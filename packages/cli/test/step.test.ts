/** `doorbell step`, by a script, through a pipe, and on a terminal of 80 by 24. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareJump, prepareStepBack, prepareWorst } from '../src/bench/step.ts';
import { runCommand } from '../src/command.ts';
import { captured } from './captured.ts';

const bin = fileURLToPath(new URL('../bin/doorbell.mjs', import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'step-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const step = (...args: string[]): ReturnType<typeof captured> =>
  captured(() => runCommand(['step', ...args]));

test('a script shows each command and what it answers', async () => {
  const { code, stdout, stderr } = await step('--script', 'r doorbell.TAIL; who bell.CONTROL');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /^step> r doorbell\.TAIL\n#\d+ {2}\S+ us {2}mmioWrite {2}doorbell0\.TAIL = 0x\w+\nstep> who bell\.CONTROL\n#\d+ .* bell\.CONTROL = 0x1\n/,
  );
});

test('JSON has the same answers', async () => {
  const { stdout } = await step('--stacks', 'native,emulated', '--script', 'N', '--json', '-');
  expect(JSON.parse(stdout)).toEqual({
    schema: 'doorbell.step/1',
    stacks: ['native', 'emulated'],
    commands: [
      {
        command: 'N',
        lines: [expect.stringMatching(/^\* native: /), expect.stringMatching(/^ {2}emulated: /)],
      },
    ],
  });
});

test.each([
  [['--script', 'r doorbel.TAIL'], /'r doorbel\.TAIL': There is no register 'doorbel\.TAIL'/],
  [['--granularity', 'acess', '--script', 'n'], /no granularity 'acess'; near it: access/],
  [['--granularity', 'call', '--script', 'g exit'], /The granularity is fixed: call/],
  [['--stacks', 'native,pv,mdev', '--script', 'n'], /3 stacks are too many/],
  [['no-such-file', '--script', 'n'], /Cannot read 'no-such-file'/],
])('%j is refused in one line', async (args, line) => {
  const { code, stderr } = await step(...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(line);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
});

test('shows the source of the driver, and why it is stuck', async () => {
  const script = 'r doorbell0.TAIL; source; why';
  const run = spawnSync(
    process.execPath,
    [bin, 'step', '--source', '--bug', 'doorbell-stale', '--script', script],
    { encoding: 'utf8' },
  );
  expect(run.stdout).toMatch(/guest-driver\/src\/bell\/channel\.ts:\d+\n/);
  expect(run.stdout).toMatch(/\n> ?\d+ +this\.doorbell\.TAIL\.write\(tail\);\n/);
  expect(run.stdout).toMatch(/step> why\nstale-doorbell, at event \d+: /);
  const without = await step('--script', 'source; why');
  expect(without.stdout).toContain('record with --source');
  expect(without.stdout).toContain('It is not stuck.');
});

test('what is no trace is refused, too', async () => {
  const file = join(folder, 'no.trace');
  writeFileSync(file, 'nothing');
  const { code, stderr } = await step(file, '--script', 'n');
  expect(code).toBe(2);
  expect(stderr).toContain('no.trace');
});

test('commands come through a pipe', () => {
  const ran = spawnSync(process.execPath, [bin, 'step'], { encoding: 'utf8', input: 'n\nq\nn\n' });
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toMatch(/^step> n\n#1 .*\nstep> q\n$/);
});

// util-linux's `script` gives the command a terminal.
test.runIf(
  process.platform === 'linux' && spawnSync('sh', ['-c', 'command -v script']).status === 0,
)('keys walk on a terminal of 80 by 24, which is left as it was', () => {
  const command = `stty rows 24 cols 80; ${process.execPath} ${bin} step --stacks native,pv`;
  const keys = '(sleep 8; printf nnN; sleep 1; printf "?"; sleep 1; printf " "; sleep 1; printf q)';
  const { stdout, status } = spawnSync(
    'sh',
    ['-c', `${keys} | script -qec '${command}' /dev/null`],
    { encoding: 'utf8', env: { ...process.env, TERM: 'xterm' } },
  );
  expect(status).toBe(0);
  expect(stdout).toContain('\x1b[?1049h');
  expect(stdout).toContain('native  event 2 of ');
  expect(stdout).toMatch(/by access {2}\(tab: pv at event \d+\)/);
  expect(stdout).toContain('[help 1-20 of ');
  expect(stdout).toContain('[help 21-');
  expect(stdout.trimEnd().endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
  const longest = Math.max(
    ...stdout
      .split('\x1b[')
      .map((part) => part.replace(/^[\d;?]*[A-Za-z]/, '').split('\r')[0]?.length ?? 0),
  );
  expect(longest).toBeLessThanOrEqual(80);
});

test('a jump and a step back can be measured', async () => {
  for (const prepare of [prepareJump, prepareStepBack]) {
    const { work, reference } = await prepare('native', 1);
    expect(await work.run()).toHaveProperty('host');
    expect(await reference.run()).toHaveProperty('events');
  }
});

test('the worst jump and the worst step back are measured beside their limits', async () => {
  for (const [which, limit] of [
    ['jump', 300],
    ['back', 30],
  ] as const) {
    const { limitMs, worstMs } = await prepareWorst('native', which, 1, 1);
    expect(limitMs).toBe(limit);
    expect(await worstMs()).toBeGreaterThan(0);
  }
});
