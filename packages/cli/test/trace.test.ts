import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doorbell } from './captured.ts';

const folder = mkdtempSync(join(tmpdir(), 'trace-'));
const before = process.cwd();
const small = '--scene triangle --size 32x32 --frames 2';

beforeAll(async () => {
  process.chdir(folder);
  await doorbell(`trace --stacks native,emulated ${small} --out two.trace`);
  await doorbell(`trace --stacks pv ${small} --out pv.trace`);
}, 60_000); // it loads the verb, which takes a while on a busy machine
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

test('records, with progress on stderr and a summary on stdout, into a file that is the same again', async () => {
  const { code, stdout, stderr } = await doorbell(
    `trace --stacks native,emulated ${small} --out again.trace --json summary.json`,
  );
  expect(code).toBe(0);
  expect(stderr).toBe('native: 0/4 frames\nemulated: 2/4 frames\n');
  expect(stdout).toMatch(/^stack +events +requests +crossings +checkpoints +virtual time$/m);
  expect(stdout).toMatch(/^native +\d+ +\d+ +\d+ +1 +/m);
  expect(stdout).toMatch(/^again\.trace: [\d.]+ KiB$/m);
  expect(readFileSync('again.trace').equals(readFileSync('two.trace'))).toBe(true);
  const summary = JSON.parse(readFileSync('summary.json', 'utf8')) as object;
  expect(summary).toMatchObject({
    schema: 'doorbell.trace-summary/1',
    bytes: readFileSync('two.trace').length,
    recordings: [
      { stack: 'native', frames: 2 },
      { stack: 'emulated', scene: 'triangle' },
    ],
  });
});

test('exports for Perfetto and as CSV, all stacks or one', async () => {
  expect(await doorbell('trace export two.trace --format perfetto --out two.json')).toEqual({
    ...{ code: 0, stdout: '', stderr: '' },
  });
  expect(JSON.parse(readFileSync('two.json', 'utf8'))).toMatchObject({ displayTimeUnit: 'ns' });
  const { stdout } = await doorbell('trace export two.trace#emulated --format csv --out -');
  const stacks = stdout.split('\r\n').map((row) => row.split(',')[0]);
  expect(new Set(stacks)).toEqual(new Set(['stack', 'emulated', '']));
});

test('says what two stacks did differently, of one trace or of two', async () => {
  const { code, stdout } = await doorbell('trace diff two.trace');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^a: native\nb: emulated\n/);
  expect(stdout).toMatch(/^submit +2 +[\d,]+ ns +[\d,]+ ns +\+/m);
  expect(stdout).toMatch(/^submit: exits 0 → \d+ \(mmio-read 0 → /m);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  const { stdout: json } = await doorbell('trace diff two.trace#emulated pv.trace --json -');
  expect(JSON.parse(json)).toMatchObject({
    schema: 'doorbell.trace-diff/1',
    ...{ a: { stack: 'emulated' }, b: { stack: 'pv' } },
  });
});

test('finds no difference between a run and itself', async () => {
  const { stdout } = await doorbell('trace diff pv.trace pv.trace');
  expect(stdout).not.toContain('differ most');
  expect(stdout).not.toContain('→');
});

test.each([
  ['trace', 'Give the trace a file: --out FILE.'],
  [
    'trace two.trace',
    "'two.trace' is no verb of trace; there is export, diff, or options and --out to record.",
  ],
  [
    'trace --stacks native,pv --pv-transport worker --out x.trace',
    'With pv-transport=worker the backend is elsewhere, in no virtual time and not recorded: leave it inline.',
  ],
  [
    'trace --stacks native --out no/x.trace',
    "Cannot write 'no/x.trace': there is no such file or folder.",
  ],
  [
    'trace export missing.trace --format csv --out x',
    "Cannot read 'missing.trace': there is no such file or folder.",
  ],
  [
    'trace export two.trace --format pdf --out x',
    "There is no format 'pdf'; there is perfetto, csv.",
  ],
  [
    'trace diff two.trace#xen pv.trace',
    "There is no stack 'xen' in two.trace; there is native, emulated.",
  ],
  ['trace diff pv.trace', 'pv.trace has one stack: give another trace, or record two stacks.'],
  [
    'trace diff pv.trace two.trace',
    "two.trace has several stacks: give one of 'two.trace#native', 'two.trace#emulated'.",
  ],
])('refuses `%s` in one line', async (line, message) => {
  const { code, stdout, stderr } = await doorbell(line);
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr: `doorbell: ${message}\n`,
  });
});

test('refuses to compare different work', async () => {
  await doorbell('trace --stacks native --scene nop --size 32x32 --frames 1 --out nop.trace');
  const { code, stderr } = await doorbell('trace diff nop.trace pv.trace');
  expect(code).toBe(2);
  expect(stderr).toBe(
    'doorbell: The traces are of different work, nop 32x32 seed 1 and triangle 32x32 seed 1: record both with the same.\n',
  );
});

test('leaves what was there when it refuses, and nothing beside it', async () => {
  writeFileSync('kept.trace', 'mine');
  await doorbell('trace --stacks pv --pv-transport worker --out kept.trace');
  await doorbell('trace export kept.trace --format csv --out kept.csv');
  expect(readFileSync('kept.trace', 'utf8')).toBe('mine');
  expect(readdirSync('.').filter((name) => name.startsWith('kept'))).toEqual(['kept.trace']);
});
