import { expect, test } from 'vitest';
import { exitCodeOf } from '../src/sensitive.ts';
import { doorbell } from './captured.ts';

interface Report {
  readonly schema: string;
  readonly with: string | null;
  readonly stacks: readonly {
    readonly id: string;
    readonly holds: boolean | null;
    readonly accesses: Readonly<Record<string, number>>;
    readonly registers: readonly {
      readonly name: string;
      readonly bar: number | null;
      readonly offset: number;
      readonly access: string;
      readonly sensitive: string | null;
      readonly reach: string;
      readonly instance: string | null;
      readonly class: string;
    }[];
  }[];
  readonly leak?: {
    readonly secret: string;
    readonly seen: readonly number[];
    readonly exits: number;
  };
  readonly leakWithout?: { readonly bytesSeen: number };
}

const lines = (text: string): string[] => text.trimEnd().split('\n');

test('has a row and a summary for each stack, within 80 columns and without colours', async () => {
  const { code, stdout, stderr } = await doorbell('sensitive');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^stack +sensitive +trap +direct, own +time +shared +condition$/m);
  expect(stdout).toMatch(/^native +– .* no guest$/m);
  for (const stack of ['passthrough', 'sriov', 'mdev', 'emulated', 'pv', 'pv-assisted']) {
    expect(stdout).toMatch(new RegExp(`^${stack} +\\d+ +\\d+ +\\d+ +\\d +0 +holds$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^${stack}$`, 'm'));
  }
  expect(stdout).not.toContain('\u001b');
  expect(Math.max(...lines(stdout).map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('lists each access when asked to', async () => {
  const { stdout } = await doorbell('sensitive --stacks sriov,mdev --registers');
  expect(stdout).toMatch(/^ {2}BAR0\+0x0010 +bell\.CONTROL +write +control +own$/m);
  expect(stdout).toMatch(/^ {2}BAR0\+0x0010 +bell\.CONTROL +write +control +trapped$/m);
  expect(stdout).toMatch(/^ {2}BAR4\+0x0000 +vector\.ADDRESS_LO +write +control +trapped$/m);
  expect(stdout).toMatch(/^ {2}timing +sensitive, direct, and shows the one clock/m);
  expect(Math.max(...lines(stdout).map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('shows how one guest sees the secret of another, and that it does not without', async () => {
  const { code, stdout } = await doorbell('sensitive --with leaky-register --stacks sriov,mdev');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^sriov .* 1 +does not hold$/m);
  expect(stdout).toMatch(/^mdev .* 0 +holds$/m);
  const shown = lines(stdout).filter((line) => /^ {2}([0-9a-f]{2} ){8}/.test(line));
  expect(shown).toHaveLength(4);
  expect(shown.slice(2)).toEqual(shown.slice(0, 2));
  expect(stdout).toMatch(/BAR1\+0x0004 of its own function \(LAST_WORD\) \d+ times/);
  expect(stdout).toMatch(/32 of its 32 bytes/);
  expect(stdout.replaceAll('\n', ' ')).toMatch(/sees 0 of its 32 bytes/);
});

test('writes JSON, and nothing else', async () => {
  const { code, stdout } = await doorbell('sensitive --stacks native,sriov --json -');
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as Report;
  expect(report).toMatchObject({ schema: 'doorbell.sensitive/1', with: null });
  expect(report.leak).toBeUndefined();
  expect(report.stacks.map(({ id, holds }) => [id, holds])).toEqual([
    ['native', null],
    ['sriov', true],
  ]);
  const [, { registers, accesses }] = report.stacks;
  expect(registers).toContainEqual(
    expect.objectContaining({
      ...{ name: 'bell.RESET', bar: 0, offset: 0x14, access: 'write', sensitive: 'control' },
      ...{ reach: 'direct', instance: 'own', class: 'own' },
    }),
  );
  for (const [name, count] of Object.entries(accesses)) {
    expect(registers.filter((access) => access.class === name)).toHaveLength(count);
  }
});

test('has the spied bytes in its JSON', async () => {
  const { stdout } = await doorbell(
    'sensitive --stacks pv-assisted --with leaky-register --seed 5 --json -',
  );
  const { leak, leakWithout, stacks } = JSON.parse(stdout) as Report;
  expect(stacks[0]).toMatchObject({ holds: false, accesses: { violating: 1 } });
  expect(Buffer.from(leak!.seen).toString('hex')).toBe(leak!.secret);
  expect([leak!.exits, leakWithout!.bytesSeen]).toEqual([0, 0]);
});

test('fails when the condition does not, unless one asked for that', () => {
  const held = [{ holds: true }, { holds: null }];
  const broken = [...held, { holds: false }];
  expect([exitCodeOf(held, false), exitCodeOf(broken, false)]).toEqual([0, 1]);
  expect(exitCodeOf(broken, true)).toBe(0);
});

test.each([
  ['sensitive --with holes', /'holes'.*leaky-register/],
  ['sensitive --stacks vax', /'vax'/],
  ['sensitive --stacks pv:transport=worker', /leave it inline/],
  ['sensitive --seed x', /from 0 to 4294967295/],
])('%s is refused with exit code 2', async (line, message) => {
  const { code, stderr, stdout } = await doorbell(line);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
