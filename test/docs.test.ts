/**
 * Every command in the documents is executed, and so is every TypeScript block: a page's blocks
 * are one program, and the `text` block behind a `ts` block is what it must print.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { blocks, commands, shows, type Block } from './markdown.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const binaries = join(root, 'node_modules', '.bin');
const elsewhere = mkdtempSync(join(tmpdir(), 'doorbell-docs-'));
const programs = join(root, 'test', '.cache');

/** Run by other means: `.ci/run` is what installs, checks and tests, and must say so. */
const runByCi: ReadonlyMap<string, RegExp> = new Map([
  ['npm ci && npm test', /npm ci[\s\S]*npm test/],
  ['npm ci', /npm ci/],
  ['npm test', /npm test/],
  ['npm run check', /npm run check/],
]);

function pages(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? pages(join(folder, entry.name))
      : entry.name.endsWith('.md')
        ? [join(folder, entry.name)]
        : [],
  );
}

const documents = [
  join(root, 'README.md'),
  join(root, 'CONTRIBUTING.md'),
  ...pages(join(root, 'docs')),
];

afterAll(() => {
  rmSync(elsewhere, { recursive: true, force: true });
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function shell(command: string, cwd: string): Ran {
  const env = { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}` };
  return spawnSync(command, { shell: true, cwd, env, encoding: 'utf8', timeout: 110_000 });
}

/** Starts a command that stays, and waits for the first that it says. */
async function start(command: string): Promise<ChildProcess> {
  const env = { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}` };
  const child = spawn(`exec ${command}`, { shell: true, cwd: elsewhere, env });
  await once(child.stdout, 'data');
  return child;
}

/** Ends it as Ctrl-C does. Gives the exit code. */
async function interrupt(child: ChildProcess): Promise<unknown> {
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  const [code] = (await exited) as readonly unknown[];
  return code;
}

/** A page's blocks as one program, with a mark between their outputs. */
function program(code: readonly Block[]): string {
  return code.map((block) => `${block.text}\nconsole.log('\\0');\n`).join('\n');
}

function runProgram(name: string, text: string): Ran {
  mkdirSync(programs, { recursive: true });
  const file = join(programs, `${name}.ts`);
  writeFileSync(file, text);
  return spawnSync(process.execPath, ['--import', 'tsx', file], {
    cwd: root,
    encoding: 'utf8',
    timeout: 110_000,
  });
}

const withBlocks = documents
  .map((path) => ({ path: relative(root, path), found: blocks(readFileSync(path, 'utf8')) }))
  .filter(({ found }) => found.some(({ language }) => language === 'ts' || language === 'sh'));

describe.each(withBlocks)('$path', ({ path, found }) => {
  const code = found.filter((block) => block.language === 'ts');

  if (code.length > 0) {
    it('its program prints what the page says', { timeout: 120_000 }, () => {
      const { status, stdout, stderr } = runProgram(path.replace(/\W+/g, '-'), program(code));
      expect(stderr).toBe('');
      expect(status).toBe(0);
      const outputs = stdout.split('\0\n');
      code.forEach((block, index) => {
        const next = found[found.indexOf(block) + 1];
        if (next?.language === 'text') {
          expect(outputs[index]?.trimEnd(), `line ${next.line}`).toBe(next.text);
        }
      });
    });
  }

  const lines = found
    .filter((block) => block.language === 'sh')
    .flatMap((block) => {
      const next = found[found.indexOf(block) + 1];
      const output = next?.language === 'text' ? next.text : undefined;
      return commands(block).map((command) => ({ ...command, output }));
    });
  const staying: ChildProcess[] = [];
  afterAll(() => {
    staying.forEach((child) => child.kill('SIGKILL'));
  });
  it.each(lines)('$text', { timeout: 120_000 }, async ({ text, exitCode, stays, output }) => {
    if (stays) {
      staying.push(await start(text.replaceAll('npx doorbell', 'doorbell')));
      return;
    }
    const ci = runByCi.get(text);
    if (ci !== undefined) {
      expect(readFileSync(join(root, '.ci', 'run'), 'utf8')).toMatch(ci);
      return;
    }
    const command = text.replace(/^npm ci && /, '');
    const ran = command.startsWith('npm ')
      ? shell(command, root)
      : shell(command.replaceAll('npx doorbell', 'doorbell'), elsewhere);
    expect({ status: ran.status, stderr: ran.status === exitCode ? '' : ran.stderr }).toEqual({
      status: exitCode,
      stderr: '',
    });
    if (output !== undefined) {
      expect(shows(output, ran.stdout), ran.stdout).toBe(true);
    }
  });

  if (lines.some(({ stays }) => stays)) {
    it('what stays ends at Ctrl-C', async () => {
      for (const child of staying.splice(0)) {
        expect(await interrupt(child)).toBe(130);
      }
    });
  }
});
