/** What the screen of `doorbell step` shows, of a recording with source lines and of one without. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { profiles } from '@doorbell/hypervisor';
import { record, scenes, stackSpec, StepShell, type Recording } from '@doorbell/lab';
import { driverSource, labEnvironment } from '@doorbell/lab/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { screenLines, type ScreenState } from '../src/step/layout.ts';
import { readTrace } from '../src/trace-file.ts';

const bin = fileURLToPath(new URL('../bin/doorbell.mjs', import.meta.url));
const small = { columns: 80, rows: 24 };
let folder: string;

/** In a process of its own, as a driver is instrumented when it is loaded. */
function followed(): Recording {
  const out = join(folder, 'source.trace');
  const run = ['trace', '--source', '--stacks', 'native', '--scene', 'triangle', '--frames', '1'];
  const { status } = spawnSync(process.execPath, [bin, ...run, '--out', out]);
  expect(status).toBe(0);
  const [recording] = readTrace(out);
  return recording;
}

function notFollowed(): Promise<Recording> {
  const [profile] = profiles.values();
  const context = { width: 32, height: 32, frames: 1, seed: 1 };
  const scene = scenes.get('triangle')!;
  return record({ spec: stackSpec('native'), scene, context, profile }, labEnvironment);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'screen-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function shellOf(recording: Recording): StepShell {
  return new StepShell([recording], labEnvironment, { readSource: driverSource });
}

async function screenOf(
  shell: StepShell,
  line: string,
  size = small,
  other: Partial<ScreenState> = {},
): Promise<readonly string[]> {
  const { lines } = await shell.run(line);
  const pane = { pane: 'registers', lines: await shell.pane('registers'), top: 0, isWhole: false };
  const said = { message: lines[0], typed: undefined };
  const screen = screenLines(shell.walk, { ...pane, ...said, ...other }, size);
  expect(screen).toHaveLength(size.rows);
  expect(new Set(screen.map(({ length }) => length))).toEqual(new Set([size.columns]));
  return screen;
}

/** What columns have, without the header, the message and the prompt. */
function columnsOf(screen: readonly string[]): readonly (readonly string[])[] {
  const rows = screen.slice(1, -2).map((line) => line.split('|'));
  return rows[0].map((_, column) => rows.map((cells) => (cells[column] ?? '').trimEnd()));
}

describe('of a recording with source lines', () => {
  let shell: StepShell;
  beforeAll(() => {
    shell = shellOf(followed());
  });

  it('has the source above events on the left, and state on the right', async () => {
    const [left, right] = columnsOf(await screenOf(shell, 'r doorbell.TAIL'));
    const [source, events] = [left.slice(0, 13), left.slice(14)];
    expect(source[0]).toBe('guest-driver/src/bell/channel.ts:81');
    expect(source).toContain('>81   this.doorbell.TAIL.write(tail);');
    expect(source.filter((line) => line.startsWith('>'))).toHaveLength(1);
    expect(left[13]).toMatch(/^-+$/);
    expect(events).toHaveLength(7);
    expect(events.filter((line) => line.startsWith('>'))).toEqual([
      expect.stringMatching(/^>#\d+ {2}\S+ us {2}mmioWrite {2}doorbell0\.TAIL/),
    ]);
    expect(right.slice(0, 2)).toEqual(['[registers]', 'host 01:00.0 bell']);
  });

  it('shows the line that ran last while the device works, and says so', async () => {
    const [left] = columnsOf(await screenOf(shell, 'r fence'));
    expect(left.filter((line) => /^-\d/.test(line))).toHaveLength(1);
    expect(left.filter((line) => /^>\d/.test(line))).toEqual([]);
    expect(left).toContain('(No line of the driver runs at this event.)');
  });

  it('has locals below the source, as many as there is room for', async () => {
    await shell.run('g line');
    await shell.run('go 0');
    const { events, source } = shell.walk.cursor.recording;
    const most = [...events].find(
      ({ id }) => (source?.locals.get(id) ?? '').split('\n').length > 4,
    )!;
    const [left] = columnsOf(await screenOf(shell, `go ${most.id}`));
    expect(left.slice(10, 12).every((line) => line.includes(' = '))).toBe(true);
    expect(left[12]).toMatch(/^\(and \d+ more: source\)$/);
  });

  it('has three columns where there is room', async () => {
    await shell.run('go 0');
    const wide = await screenOf(shell, 'r doorbell.TAIL', { columns: 180, rows: 40 });
    const [source, events, state] = columnsOf(wide);
    expect(source[0]).toBe('guest-driver/src/bell/channel.ts:81');
    expect(events.some((line) => line.startsWith('>#'))).toBe(true);
    expect(state[0]).toBe('[registers]');
  });

  it.each([
    [40, 10],
    [20, 6],
    [10, 3],
  ])('fits %i by %i', async (columns, rows) => {
    await screenOf(shell, 'n', { columns, rows });
  });

  it('gives an answer the whole width, a part at a time', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index + 1} ${'x'.repeat(60)}`);
    const answer = { pane: 'help', lines, isWhole: true };
    const first = await screenOf(shell, 'where', small, answer);
    expect(first[1].trimEnd()).toBe('[help 1-20 of 30, space: more]');
    expect(first[2].trimEnd()).toBe(lines[0]);
    const second = await screenOf(shell, 'where', small, { ...answer, top: 20 });
    expect(second[2].trimEnd()).toBe(lines[20]);
  });
});

it('has events alone on the left where no lines were recorded', async () => {
  const [left, right] = columnsOf(await screenOf(shellOf(await notFollowed()), 'r doorbell.TAIL'));
  expect(left.every((line) => /^[> ]#\d+ /.test(line))).toBe(true);
  expect(left).toHaveLength(21);
  expect(right[0]).toBe('[registers]');
});
