/** `doorbell grade` and the starters of labs, as they are typed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { doorbell } from './captured.ts';

const room = mkdtempSync(join(tmpdir(), 'doorbell-grade-'));
const out = join(room, 'out');
afterAll(() => {
  rmSync(room, { recursive: true });
});

/** This project's own driver, handed in. */
function handedIn(name: string, kind: string): string {
  const file = join(room, `${name}.ts`);
  writeFileSync(
    file,
    `import { Edu } from '@doorbell/guest-driver';
     export default { kind: '${kind}', name: '${name}', probe: (device) => new Edu(device) };`,
  );
  return file;
}

describe('doorbell new lab-N', () => {
  test("makes a starter that knows its lab's handout and how it is graded", async () => {
    const folder = join(room, 'starter');
    const { code, stdout } = await doorbell(`new lab-1 mine --dir ${folder}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/is an edu, honestly unfinished/);
    expect(stdout).toMatch(/npx doorbell grade lab-1 \.\n$/);
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).toContain(
      '"grade": "doorbell grade lab-1 ."',
    );
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toMatch(/docs\/labs\/1-edu\.md/);
  });

  test('may begin with another part than the kind does', async () => {
    const folder = join(room, 'never');
    await doorbell(`new lab-3 mine --dir ${folder}`);
    expect(readFileSync(join(folder, 'src/index.ts'), 'utf8')).toContain('never.ts');
  });
});

describe('doorbell grade', () => {
  test('gives a group its points when all of its checks pass', async () => {
    const { code, stdout } = await doorbell(`grade lab-1 ${handedIn('good', 'edu')} --out ${out}`);
    expect(stdout).toMatch(/^lab-1, Registers and edu: .*good\.ts\n {3}10 of {2}10 {2}The right/);
    expect(stdout).toMatch(/\n {2}100 of 100 {2}together\n$/);
    expect(code).toBe(0);
  });

  test('grades a class, whatever is in it, and says it as JSON', async () => {
    const targets = [handedIn('good', 'edu'), handedIn('other', 'driver'), join(room, 'nobody')];
    const { code, stdout } = await doorbell(
      `grade lab-1 ${targets.join(' ')} --json - --out ${out}`,
    );
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as { submissions: unknown[] };
    expect(report).toMatchObject({
      schema: 'doorbell.grade/1',
      rubric: 'lab-1',
      submissions: [
        { name: targets[0], score: 100, max: 100, status: 'graded', why: null },
        {
          ...{ name: targets[1], score: 0, max: 100, status: 'refused', checks: [] },
          why: 'other is of the kind driver; edu is wanted.',
        },
        {
          name: targets[2],
          score: 0,
          status: 'refused',
          why: expect.stringMatching(/There is no/),
        },
      ],
    });
  });

  test('is of parts that stacks have, or not: then a line says so', async () => {
    const { code, stderr } = await doorbell(`compare --with ${handedIn('good', 'edu')}`);
    expect(code).toBe(2);
    expect(stderr).toMatch(/good\.ts' is of the kind edu, which no stack has/);
  });

  test('says which labs there are', async () => {
    const { code, stderr } = await doorbell('grade lab-9 x');
    expect(code).toBe(2);
    expect(stderr).toMatch(/'lab-9' is invalid.*lab-1, lab-2/);
    expect((await doorbell('grade --help')).stdout).toMatch(/lab-4 {4}The device half of a split/);
  });
});
