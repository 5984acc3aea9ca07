/**
 * Executes documents: each command, each page's TypeScript blocks as one program, and its `vfio`
 * blocks as one script of that shell, where the `text` block behind a block is what it must print. What needs a guest's Linux takes its time, and
 * is executed apart from the rest.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Need } from '@doorbell/peers';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../packages/cli/src/command.ts';
import { captured } from '../packages/cli/test/captured.ts';
import { isMet } from '../packages/peers/test/needs.ts';
import { blocks, commands, shows, type Block, type Command } from './markdown.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const binaries = join(root, 'node_modules', '.bin');
const elsewhere = mkdtempSync(join(tmpdir(), 'doorbell-docs-'));
const programs = join(root, 'test', '.cache');

/** What takes longer hangs. On a slow machine all peers take minutes. */
const LIMIT_MS = 1_500_000;

/** Run by other means: `.ci/run` is what installs, checks and tests, and must say so. */
const runByCi: ReadonlyMap<string, RegExp> = new Map([
  ['npm ci && npm test', /npm ci[\s\S]*npm test/],
  ['npm ci', /npm ci/],
  ['npm test', /npm test/],
  ['npm run check', /npm run check/],
  ['npm run test:linux', /npm run test:linux/],
  ['npx doorbell peers fetch', /doorbell peers fetch/],
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

function shell(command: string, cwd: string, input = ''): Ran {
  const env = { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}` };
  return spawnSync(command, { shell: true, cwd, env, input, encoding: 'utf8', timeout: LIMIT_MS });
}

/** Starts a command that stays, and waits for the first that it says. @throws Error when it ends. */
async function start(command: string): Promise<ChildProcess> {
  const env = { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}` };
  const child = spawn(`exec ${command}`, { shell: true, cwd: elsewhere, env });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
  if (child.exitCode !== null) {
    throw new Error(`It ended with ${child.exitCode}, and was to stay:\n${stderr}`);
  }
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
    timeout: LIMIT_MS,
  });
}

/** Which of the documents' parts are executed. */
export type Part = 'quick' | 'linux';

export const isLesson = (path: string): boolean => path.startsWith(join('docs', 'lessons'));

function isOf(part: Part, needs: readonly string[]): boolean {
  return needs.includes('linux') === (part === 'linux');
}

interface Page {
  readonly path: string;
  readonly found: readonly Block[];
}

/** @param which  of the documents, by their paths from the root. */
export function describeDocuments(part: Part, which: (path: string) => boolean): void {
  for (const path of documents.map((each) => relative(root, each)).filter(which)) {
    describePage({ path, found: blocks(readFileSync(join(root, path), 'utf8')) }, part);
  }
}

function describePage(page: Page, part: Part): void {
  const code = page.found.filter(({ language }) => language === 'ts');
  const needs = [...new Set(code.flatMap((block) => block.needs))];
  const hasProgram = code.length > 0 && isOf(part, needs);
  const lines = linesOf(page, part);
  const script = part === 'quick' ? page.found.filter(({ language }) => language === 'vfio') : [];
  if (!hasProgram && lines.length === 0 && script.length === 0) {
    return;
  }
  describe(page.path, () => {
    if (hasProgram) {
      it.runIf(isMet(needs as readonly Need[], page.path))(
        'its program prints what the page says',
        { timeout: LIMIT_MS + 10_000 },
        () => {
          expectProgram(page, code);
        },
      );
    }
    if (script.length > 0) {
      it('its script of doorbell vfio says what the page says', { timeout: LIMIT_MS }, () => {
        expectScript(page, script);
      });
    }
    if (lines.length > 0) {
      describeCommands(lines);
    }
  });
}

interface Said {
  readonly commands: readonly { readonly text: string }[];
}

function expectScript({ found }: Page, script: readonly Block[]): void {
  const input = script.map(({ text }) => text).join('\n');
  const { status, stdout, stderr } = shell('doorbell vfio - --json -', elsewhere, input);
  expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
  const said = (JSON.parse(stdout) as Said).commands.map(({ text }) => text);
  for (const block of script) {
    const own = said.splice(0, block.text.split('\n').length).filter((text) => text !== '');
    const next = found[found.indexOf(block) + 1];
    if (next?.language === 'text') {
      expect(shows(next.text, own.join('\n')), own.join('\n')).toBe(true);
    }
  }
}

function expectProgram({ path, found }: Page, code: readonly Block[]): void {
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
}

interface Line extends Command {
  /** What the page shows of its output. */
  readonly output: string | undefined;
}

function linesOf({ found }: Page, part: Part): readonly Line[] {
  return found
    .filter(({ language }) => language === 'sh')
    .flatMap((block) => {
      const next = found[found.indexOf(block) + 1];
      const output = next?.language === 'text' ? next.text : undefined;
      return commands(block).map((command) => ({ ...command, output }));
    })
    .filter(({ needs }) => isOf(part, needs));
}

function describeCommands(lines: readonly Line[]): void {
  const staying: ChildProcess[] = [];
  afterAll(() => {
    staying.forEach((child) => child.kill('SIGKILL'));
  });
  for (const line of lines) {
    it.runIf(isMet(line.needs as readonly Need[], line.text))(
      line.text,
      { timeout: LIMIT_MS + 10_000 },
      async () => {
        if (line.stays) {
          staying.push(await start(line.text.replaceAll('npx doorbell', 'doorbell')));
        } else {
          await expectCommand(line);
        }
      },
    );
  }
  if (lines.some(({ stays }) => stays)) {
    it('what stays ends at Ctrl-C', async () => {
      for (const child of staying.splice(0)) {
        expect(await interrupt(child)).toBe(130);
      }
    });
  }
}

/** What must be a process: it stays, starts others, or loads modules before the rest. */
const OWN_PROCESS = /\b(peers|serve|bench)\b|--source|--backend|websocket|worker/;

/** A `doorbell` command without anything else of a shell's but quotes: its arguments. */
function argumentsOf(command: string): readonly string[] | undefined {
  const [, line] =
    /^npx doorbell((?: +(?:'[^']*'|"[^"$`\\]*"|[^\s'"|&;<>$`\\()*?#~]+))*)$/.exec(command) ?? [];
  return line === undefined || OWN_PROCESS.test(line)
    ? undefined
    : [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
        ([, single, double, plain]) => single ?? double ?? plain,
      );
}

/** Within the test: to load the command anew took longer than nearly all that it is asked to do. */
async function runHere(args: readonly string[]): Promise<Ran> {
  const before = process.cwd();
  process.chdir(elsewhere);
  try {
    const { code, error, stdout, stderr } = await captured(() => runCommand(args));
    expect(error).toBeUndefined();
    return { status: code!, stdout, stderr };
  } finally {
    process.chdir(before);
  }
}

async function run(command: string): Promise<Ran> {
  if (command.startsWith('npm ')) {
    return shell(command, root);
  }
  const args = argumentsOf(command);
  return args === undefined
    ? shell(command.replaceAll('npx doorbell', 'doorbell'), elsewhere)
    : await runHere(args);
}

async function expectCommand({ text, exitCode, output }: Line): Promise<void> {
  const ci = runByCi.get(text);
  if (ci !== undefined) {
    expect(readFileSync(join(root, '.ci', 'run'), 'utf8')).toMatch(ci);
    return;
  }
  const ran = await run(text.replace(/^npm ci && /, ''));
  expect({ status: ran.status, stderr: ran.status === exitCode ? '' : ran.stderr }).toEqual({
    status: exitCode,
    stderr: '',
  });
  if (output !== undefined) {
    expect(shows(output, ran.stdout), ran.stdout).toBe(true);
  }
}
