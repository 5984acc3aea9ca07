/** Packages that are made run at once, and say honestly what they lack. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labEnvironment } from '@doorbell/lab/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPart, checksOf, type newKinds } from '../src/index.ts';
import { Checker, loadPart, scaffold, type CheckReport } from '../src/node/index.ts';

const FOREVER = 60_000;
let room: string;
let checker: Checker;

beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'doorbell-test-'));
  checker = new Checker(FOREVER);
});
afterEach(() => {
  checker.close();
  rmSync(room, { recursive: true });
});

async function check(target: string, only = '', patience = checker): Promise<CheckReport[]> {
  const choose = <T extends { readonly id: string }>(checks: readonly T[]): T[] =>
    checks.filter(({ id }) => id.includes(only));
  const request = { target, out: join(room, 'out'), choose };
  return [...(await patience.check(request, new AbortController().signal))];
}

function make(kind: (typeof newKinds)[number]): string {
  const folder = join(room, kind);
  scaffold({ kind, name: 'mine', folder });
  return folder;
}

/** With one place of a file changed. */
function change(file: string, from: string, to: string): void {
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

const statusOf = (reports: readonly CheckReport[], id: string): string | undefined =>
  reports.find((report) => report.id === id)?.status;

describe('a new renderer', () => {
  it('keeps what does not draw, and offers no command', async () => {
    const reports = await check(make('renderer'));
    expect(reports.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(statusOf(reports, 'gpu/createBuffer/zero')).toBe('passed');
    expect(statusOf(reports, 'gpu/fill/rectangle')).toBe('skipped');
  });

  it('that fills by another stride fails where that shows, with a trace and a picture', async () => {
    const folder = make('renderer');
    const file = join(folder, 'src/renderer.ts');
    change(
      file,
      'offered: readonly CommandName[] = []',
      "offered: readonly CommandName[] = ['fill']",
    );
    change(
      file,
      '      // case',
      `      case 'fill': {
        const { dst, width, height, value } = command.arguments;
        const words = new Uint32Array(this.resources.find(dst.handle).memory.buffer);
        words.fill(value, dst.offset / 4, dst.offset / 4 + width * height);
        break;
      }
      // case`,
    );
    const reports = await check(folder, 'gpu/fill/');
    expect(statusOf(reports, 'gpu/fill/nothing')).toBe('passed');
    const failed = reports.find(({ id }) => id === 'gpu/fill/rectangle');
    expect(failed).toMatchObject({ status: 'failed', clause: 'commands.fill' });
    expect(failed?.expected).toBe('#a02080a0 at (10, 2)');
    expect(failed?.step).toBeGreaterThan(0);
    expect(readFileSync(failed?.trace ?? '').length).toBeGreaterThan(1000);
    expect(
      readFileSync(failed?.picture ?? '')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });

  it('that never comes back is ended, and the other checks go on', async () => {
    const folder = make('renderer');
    change(join(folder, 'src/renderer.ts'), 'checkFence(', 'for (;;); checkFence(');
    const impatient = new Checker(4000);
    try {
      const reports = await check(folder, 'gpu/submit/', impatient);
      expect(reports.find(({ id }) => id === 'gpu/submit/fences')).toMatchObject({
        status: 'failed',
        seen: 'nothing for 4 s: it does not come back',
      });
      expect(statusOf(reports, 'gpu/submit/nonsense')).toBe('passed');
    } finally {
      impatient.close();
    }
  });
});

describe('a new scheduler', () => {
  it('starves others, and is told with which mix', async () => {
    const reports = await check(make('scheduler'));
    expect(statusOf(reports, 'scheduler/starvation/none')).toBe('failed');
    expect(statusOf(reports, 'scheduler/pick/awake')).toBe('passed');
    const again = reports.find(({ id }) => id === 'scheduler/pick/preempting');
    expect(again?.status).toBe('passed');
  });
});

describe('a new invalidation policy', () => {
  it('is safe, and pays for each range by itself', async () => {
    const reports = await check(make('invalidation'), 'invalidation/');
    const failed = reports.filter(({ status }) => status === 'failed');
    expect(failed.map(({ id, seen }) => [id, seen])).toEqual([['invalidation/cost/batch', '200']]);
  });
});

describe('a new half of a queue', () => {
  /** What a half keeps that does nothing. */
  const kept = {
    queue: ['virtio-1.3/2.7.6/empty'],
    // Who asks for all events writes no offset.
    'packed-queue': ['virtio-1.3/2.8.2/empty', 'virtio-1.3/2.8.10/writes-event'],
    'driver-queue': [],
    'packed-driver-queue': ['virtio-1.3/2.8.10/driver-writes-event'],
  } as const;
  const kinds = ['queue', 'packed-queue', 'driver-queue', 'packed-driver-queue'] as const;

  it.each(kinds)(
    'of the kind %s keeps what asks for nothing, and no other clause',
    async (kind) => {
      const { part } = await loadPart(make(kind));
      const passed: string[] = [];
      const seen: (string | null)[] = [];
      for (const { id } of checksOf(kind).filter(({ id }) => id.startsWith('virtio-1.3/'))) {
        const result = await checkPart(part, id, labEnvironment);
        seen.push(result.seen);
        if (result.status === 'passed') {
          passed.push(id);
        }
      }
      expect(passed).toEqual(kept[kind]);
      expect(seen.some((text) => text?.includes('not written yet'))).toBe(true);
    },
  );
});

describe('a new mediation policy', () => {
  it('misses nothing, and takes far more exits than it may', async () => {
    const folder = make('mediation');
    expect(await check(folder, 'mediation/flushed/')).toEqual(
      Array.from({ length: 4 }, () => expect.objectContaining({ status: 'passed' }) as unknown),
    );
    const [budget] = await check(folder, 'mediation/budget/triangle');
    expect([budget.status, Number(budget.seen)]).toEqual(['failed', 3316]);
  });
});

describe('a new transport', () => {
  it('finds its device and carries the status, and nothing else yet', async () => {
    const reports = await check(make('transport'), 'virtio-1.3/');
    for (const id of ['4.1.2/ids', '4.1.2/device-id', '4.1.4.1/first-of-a-kind', '2.1/status']) {
      expect([id, statusOf(reports, `virtio-1.3/${id}`)]).toEqual([id, 'passed']);
    }
    for (const id of ['4.1.4.3.2/reset-waits', '4.1.4.3/device-features', '4.1.5.2/notify']) {
      expect([id, statusOf(reports, `virtio-1.3/${id}`)]).toEqual([id, 'failed']);
    }
    const reset = reports.find(({ id }) => id === 'virtio-1.3/4.1.4.3.2/reset-waits');
    expect(reset?.seen).toBe('128');
  });
});

describe('what cannot be checked', () => {
  it('is said in a line', async () => {
    await expect(check(join(room, 'nothing'))).rejects.toThrow(
      /There is no '.*nothing': give a part/,
    );
    await expect(check(room)).rejects.toThrow(/holds no part/);
    const file = join(room, 'part.ts');
    writeFileSync(file, 'export default 1;');
    await expect(check(file)).rejects.toThrow(/is no part: it should be an object with a kind/);
    writeFileSync(file, "export default { kind: 'render' };");
    await expect(check(file)).rejects.toThrow(/is of no kind: its kind should be one of renderer/);
    writeFileSync(file, "export default { kind: 'renderer', name: 'x' };");
    await expect(check(file)).rejects.toThrow(/is a renderer without the function open/);
    writeFileSync(file, 'export default {');
    await expect(check(file)).rejects.toThrow(/part\.ts:1: /);
    writeFileSync(file, "import '@doorbell/nothing';");
    await expect(check(file)).rejects.toThrow(/There is no package @doorbell\/nothing/);
  });

  it('nor made where something is, or with a name that npm refuses', () => {
    make('renderer');
    expect(() => make('renderer')).toThrow(/is there, and not an empty folder/);
    const refused = { kind: 'renderer', name: 'No Name', folder: join(room, 'x') } as const;
    expect(() => scaffold(refused)).toThrow(/is no name for a package/);
  });
});
