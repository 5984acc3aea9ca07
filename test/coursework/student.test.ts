/** As a student would: a package outside of this project, with nothing but npm and the doorbell command. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { labName, labs, newKinds } from '@doorbell/coursework';
import { scaffold } from '@doorbell/coursework/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DoorbellProcess, endAll } from '../pv/doorbell-process.ts';
import { fillingRenderer } from './filling-renderer.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const room = mkdtempSync(join(tmpdir(), 'doorbell-student-'));
const mine = join(room, 'mine');

beforeAll(() => {
  fillingRenderer(mine);
});
afterAll(async () => {
  await endAll();
  rmSync(room, { recursive: true });
});

/** A tool of this project, in a folder. */
function tool(name: string, args: readonly string[], cwd: string): { code: number; said: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules', name), ...args],
    { cwd, encoding: 'utf8' },
  );
  return { code: status ?? -1, said: `${stdout}${stderr}` };
}

async function doorbell(...args: string[]): Promise<{ code: number | string; said: string }> {
  const process = new DoorbellProcess(args);
  const code = await process.ended;
  return { code, said: process.stdout + process.stderr };
}

describe('a renderer that fills', () => {
  it('is found out where it forgets the stride, with a trace that opens where it shows', async () => {
    const wrong = join(room, 'wrong');
    fillingRenderer(
      wrong,
      `const words = new Uint32Array(this.resources.find(dst.handle).memory.buffer);
        words.fill(value, dst.offset / 4, dst.offset / 4 + (width * height * stride) / stride);`,
    );
    const out = join(room, 'out');
    const { code, said } = await doorbell('check', wrong, '--only', 'gpu/fill', '--out', out);
    expect(code, said).toBe(1);
    const [, trace, step] = /npx doorbell step (\S+) --script 'go (\d+)/.exec(said) ?? [];
    const stepped = await doorbell('step', trace, '--script', `go ${step}; where`);
    expect(stepped.said).toMatch(/appReturn {2}read\n {2}because of #\d+ wake data/);
    expect(stepped.said).toMatch(/because of #\d+ appCall read 1024 bytes/);
  });

  it('is checked again after each change, failures first, until Ctrl-C', async () => {
    const folder = join(room, 'watched');
    fillingRenderer(folder);
    const out = join(room, 'watched-out');
    const watching = new DoorbellProcess([
      'check',
      folder,
      '--watch',
      '--only',
      'gpu/fill',
      '--out',
      out,
    ]);
    await watching.wrote('stdout', /4 passed, 0 failed[^]*Waiting for a change; Ctrl-C ends\.\n/);
    const file = join(folder, 'src/renderer.ts');
    const right = readFileSync(file, 'utf8');
    writeFileSync(file, right.replace('words.fill(value', 'words.fill(value + 1'));
    await watching.wrote('stdout', /failed gpu\/fill\/rectangle[^]*Waiting for a change/);
    writeFileSync(file, right);
    await watching.wrote('stdout', /failed gpu[^]*4 passed, 0 failed[^]*Waiting for a change/);
    watching.child.kill('SIGINT');
    expect(await watching.ended).toBe(130);
  });

  it('has the pixels of native in a virtual machine, as far as fills go', async () => {
    const stacks = 'native,pv:renderer=own';
    const size = ['--scene', 'clear', '--size', '64x48', '--frames', '3'];
    const { code, said } = await doorbell('compare', '--with', mine, '--stacks', stacks, ...size);
    expect(said).toMatch(/^identical: yes/m);
    expect(code).toBe(0);
  });

  it('is asked for where it is not, or not asked for where it is: a line says so', async () => {
    const neither = await doorbell('compare', '--stacks', 'pv:renderer=own');
    expect(neither).toEqual({
      code: 2,
      said: 'doorbell: renderer=own is a renderer of your own: name its folder with --with.\n',
    });
    const both = await doorbell('compare', '--stacks', 'native', '--with', mine);
    expect(both.code).toBe(2);
    expect(both.said).toMatch(
      /None of the stacks has '.*mine', which is a renderer: ask for it with/,
    );
  });
});

describe('a new package outside of this project', () => {
  const folder = join(room, 'outside');

  it('installs links to this project, and has its checks as tests', () => {
    const { isInside } = scaffold({ kind: 'renderer', name: 'mine', folder });
    expect(isInside).toBe(false);
    const npm = spawnSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], {
      cwd: folder,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    expect(npm.status, npm.stderr).toBe(0);
    const { code, said } = tool('vitest/vitest.mjs', ['run', '-t', 'create'], folder);
    expect(code, said).toBe(0);
    expect(said).toMatch(/5 passed/);
  });

  it('compiles, whatever kind it is of, and for whichever lab', () => {
    // Below the one that is installed, so that theirs are found.
    for (const kind of newKinds) {
      scaffold({ kind, name: 'mine', folder: join(folder, 'more', kind) });
    }
    for (const lab of labs) {
      scaffold({ kind: lab.kind, name: 'mine', folder: join(folder, 'more', labName(lab)), lab });
    }
    const all = {
      extends: './tsconfig.json',
      include: ['src', 'test', 'more/*/src', 'more/*/test'],
    };
    writeFileSync(join(folder, 'all.json'), JSON.stringify(all));
    const compiled = tool('typescript/bin/tsc', ['-p', join(folder, 'all.json')], folder);
    expect(compiled).toEqual({ code: 0, said: '' });
  });
});
