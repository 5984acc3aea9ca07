/** Drivers that are followed by source line, in a process of their own, beside those that are not. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadTrace } from '@doorbell/lab';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { labEnvironment } from '@doorbell/lab/node';
import { followedRun, program, type FollowedRun, type Witnessed } from './followed-run.ts';

const stacks = ['native', 'pv', 'pv-assisted', 'mdev'];

function followed(): FollowedRun[] {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), program, ...stacks],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as FollowedRun[];
}

const runs = followed();

const bin = fileURLToPath(new URL('../bin/doorbell.mjs', import.meta.url));

it('is asked for by an option of trace', () => {
  const folder = mkdtempSync(join(tmpdir(), 'source-'));
  const out = join(folder, 'run.trace');
  const args = [bin, 'trace', '--stacks', 'native', '--scene', 'triangle', '--frames', '1'];
  const { status } = spawnSync(process.execPath, [...args, '--source', '--out', out]);
  expect(status).toBe(0);
  const [{ source }] = loadTrace(out, readFileSync(out), labEnvironment.sha256);
  rmSync(folder, { recursive: true });
  expect(source?.lines.some(({ file }) => file === 'guest-driver/src/bell/ring.ts')).toBe(true);
  expect(source?.locals.size).toBeGreaterThan(100);
});

/** The lines on which a step begins that a line is part of, innermost: as TypeScript's parser has it. */
function stepAt(place: string): string {
  const [file, line] = place.split(':');
  const known = starts.get(file) ?? startsOf(file);
  starts.set(file, known);
  return `${file}:${known.get(Number(line)) ?? 'no step'}`;
}

const starts = new Map<string, Map<number, number>>();

function startsOf(file: string): Map<number, number> {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  const tree = ts.createSourceFile(file, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2023, true);
  const byLine = new Map<number, number>();
  const lineOf = (offset: number): number => tree.getLineAndCharacterOfPosition(offset).line + 1;
  const visit = (node: ts.Node): void => {
    if (isStep(node)) {
      for (let line = lineOf(node.getStart()); line <= lineOf(node.end); line++) {
        byLine.set(line, lineOf(node.getStart()));
      }
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(tree, visit);
  return byLine;
}

function isStep(node: ts.Node): boolean {
  const isStatement = ts.isStatement(node) && !ts.isBlock(node);
  const isBody = ts.isArrowFunction(node.parent) && node.parent.body === node && !ts.isBlock(node);
  return isStatement || isBody;
}

/** Apart from what is only there when a driver is followed. */
function comparable(events: readonly Witnessed[]): unknown[] {
  const kept = events.filter(({ kind }) => kind !== 'statement');
  const places = new Map(kept.map(({ id }, index) => [id, index]));
  return kept.map(({ kind, time, request, cause, a, b, c }) => ({
    ...{ kind, time, request, a, b, c },
    cause: places.get(cause),
  }));
}

describe.each(stacks.map((stack, index) => ({ stack, run: runs[index] })))('$stack', (each) => {
  const { stack, run } = each;
  const events = run.events.filter(({ kind }) => kind !== 'statement');

  it('has each event on the line that a stack trace names', () => {
    const wrong = events.filter(({ line, witness }) => {
      return line !== (witness === '' ? '' : stepAt(witness));
    });
    expect(wrong.map(({ id, kind, line, witness }) => [id, kind, line, witness])).toEqual([]);
    expect(events.filter(({ line }) => line !== '').length).toBeGreaterThan(100);
  });

  it('gives what it gives when it is not followed: time, counts, pixels, events', async () => {
    const plain = await followedRun(stack, () => '');
    expect(plain.events.filter(({ line, kind }) => line !== '' || kind === 'statement')).toEqual(
      [],
    );
    expect(comparable(run.events)).toEqual(comparable(plain.events));
    const { events: _, ...rest } = run;
    const { events: __, ...same } = plain;
    expect(rest).toEqual(same);
  });
});

it('knows the locals of a statement', () => {
  const [{ events }] = runs;
  const rings = events.filter(({ kind }) => kind === 'doorbell');
  expect(rings.length).toBeGreaterThan(0);
  for (const { id, b: tail } of rings) {
    const before = events.slice(0, id).reverse();
    const statement = before.find(
      ({ kind, line }) => kind === 'statement' && line.startsWith('guest-driver/src/bell/queue.ts'),
    );
    expect(statement?.locals).toBe(`more = false\ntail = ${tail}`);
  }
});
