/** `doorbell new` and `doorbell check`, as they are typed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partKinds } from '@doorbell/coursework';
import { afterAll, describe, expect, test } from 'vitest';
import { doorbell } from './captured.ts';

const room = mkdtempSync(join(tmpdir(), 'doorbell-check-'));
afterAll(() => {
  rmSync(room, { recursive: true });
});

interface Report {
  readonly schema: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly checks: readonly Readonly<Record<string, unknown>>[];
}

describe('doorbell new', () => {
  test('makes a package, and says what to do next', async () => {
    const folder = join(room, 'made');
    const { code, stdout } = await doorbell(`new scheduler turns --dir ${folder}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/is a scheduler, honestly unfinished: /);
    expect(stdout).toMatch(/^ {2}src\/index\.ts$/m);
    expect(stdout).toMatch(/^Next:\n {2}cd .*made\n {2}npm install\n {2}npx doorbell check \.\n$/m);
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).toContain('"name": "turns"');
  });

  test('leaves alone what is there, and knows its kinds', async () => {
    const there = await doorbell(`new scheduler turns --dir ${room}`);
    expect(there).toMatchObject({ code: 2 });
    expect(there.stderr).toMatch(/is there, and not an empty folder: give another with --dir/);
    const kind = await doorbell('new shader mine');
    expect(kind.stderr).toMatch(/'shader' is invalid.*renderer, driver, queue, scheduler|Allowed/);
    expect(kind.code).toBe(2);
  });
});

describe('doorbell check', () => {
  test('lists what is checked of a kind, with its clause', async () => {
    const { code, stdout } = await doorbell('check queue --list');
    expect(code).toBe(0);
    expect(stdout).toContain('virtio-1.3/2.7.5/chain\n  VIRTIO 1.3 §2.7.5\n  A chain is followed');
    const { stderr } = await doorbell('check nothing --list');
    expect(stderr).toBe(
      `doorbell: --list takes a kind, and 'nothing' is none; there is ${partKinds.join(', ')}.\n`,
    );
  });

  test('reports as JSON, with the exit code of what it found', async () => {
    const file = join(room, 'part.ts');
    writeFileSync(
      file,
      `import { schedulers } from '@doorbell/hypervisor';
       const [turns] = schedulers.values();
       export default { kind: 'scheduler', ...turns, name: 'mine', doc: 'no sentence' };`,
    );
    const out = join(room, 'out');
    const { code, stdout } = await doorbell(`check ${file} --only kind/ --json - --out ${out}`);
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as Report;
    expect(report).toMatchObject({ schema: 'doorbell.check/1', passed: 1, failed: 1, skipped: 0 });
    expect(report.checks[0]).toEqual({
      id: 'scheduler/kind/words',
      clause: 'SchedulerKind.doc',
      title: 'It says in a sentence what it does.',
      status: 'failed',
      expected: 'a sentence: a capital letter first, a full stop last',
      seen: "'no sentence'",
      ...{ why: null, step: null, trace: null, picture: null },
    });
  });

  test('says in a line what cannot be checked', async () => {
    const { code, stderr } = await doorbell(`check ${join(room, 'nobody')}`);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^doorbell: There is no '.*nobody': give a part's folder, or/);
    const none = await doorbell('check queue --only nonsense');
    expect(none.stderr).toMatch(
      /^doorbell: None of the \d+ checks of a queue is wanted: doorbell check queue --list names/,
    );
  });
});
