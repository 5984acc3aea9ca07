/** Each lab starts red, and this project's own part makes it green. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checksOf, findLab, gradeOf, labChecks, labName, labs, type Grade } from '../src/index.ts';
import { Checker, scaffold } from '../src/node/index.ts';

const repository = new URL('../../../', import.meta.url);
const room = mkdtempSync(join(tmpdir(), 'doorbell-labs-'));
const checker = new Checker(20_000);
afterAll(() => {
  checker.close();
  rmSync(room, { recursive: true });
});

async function grade(lab: (typeof labs)[number], target: string): Promise<Grade> {
  const request = { target, kind: lab.kind, out: join(room, 'out') };
  const reports = await checker.check(
    { ...request, choose: (checks) => labChecks(lab, checks) },
    new AbortController().signal,
  );
  return gradeOf(lab, reports);
}

it('is one of eight, in order', () => {
  expect(labs.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(findLab('lab-9')).toBeUndefined();
});

describe.each(labs)('lab $number, $title', (lab) => {
  const ids = labChecks(lab, checksOf(lab.kind)).map(({ id }) => id);

  it('has a handout, and 100 points for groups that have no check in common', () => {
    expect(existsSync(new URL(lab.handout, repository))).toBe(true);
    expect(lab.groups.reduce((sum, { points }) => sum + points, 0)).toBe(100);
    for (const id of ids) {
      expect([id, lab.groups.filter(({ checks }) => checks.test(id)).length]).toEqual([id, 1]);
    }
    for (const { title, checks } of lab.groups) {
      expect([title, ids.some((id) => checks.test(id))]).toEqual([title, true]);
    }
  });

  it('starts red', { timeout: 60_000 }, async () => {
    const folder = join(room, labName(lab));
    scaffold({ kind: lab.kind, name: 'mine', folder, lab });
    const { score, max } = await grade(lab, folder);
    expect(max).toBe(100);
    expect(score).toBeLessThan(50);
  });

  it("is green with this project's own", { timeout: 120_000 }, async () => {
    const { score, groups } = await grade(lab, lab.kind);
    expect(groups.flatMap(({ open }) => open)).toEqual([]);
    expect(score).toBe(100);
  });
});
