import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bugs,
  causeIds,
  findBug,
  parseStacks,
  record,
  saveTrace,
  scenes,
  type Explanation,
} from '@doorbell/lab';
import { profiles } from '@doorbell/hypervisor';
import { afterAll, expect, test } from 'vitest';
import { labEnvironment } from '@doorbell/lab/node';
import { doorbell } from './captured.ts';

const folder = mkdtempSync(join(tmpdir(), 'doorbell-explain-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Report extends Explanation {
  readonly runs: readonly (Explanation & { readonly stack: string; readonly bug: string | null })[];
}

/** A trace file of small runs: of each stack, with a bug or without. */
async function traceOf(name: string, runs: readonly (readonly [string, string?])[]) {
  const recordings = [];
  for (const [stack, bug] of runs) {
    const [spec] = parseStacks(stack);
    const request = {
      ...{ spec, scene: scenes.get('nop')!, profile: profiles.get('kvm-x86')! },
      context: { width: 16, height: 16, frames: 1, seed: 1 },
      ...(bug === undefined ? {} : { bug: findBug(bug) }),
    };
    recordings.push(await record(request, labEnvironment));
  }
  const path = join(folder, name);
  writeFileSync(path, saveTrace(recordings, labEnvironment.sha256));
  return path;
}

test('says what is stuck, why, by which clause and register, where, and how to mend it', async () => {
  const { code, stdout } = await doorbell('explain --bug no-bus-master --stack passthrough');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^passthrough, triangle: stuck$/m);
  expect(stdout).toMatch(/^ {2}It said {2}GpuError: bell: BUS at /m);
  expect(stdout).toMatch(/^bus-master-off: /m);
  expect(stdout).toMatch(/^ {2}Clause {3}PCI Express 6\.0 §7\.5\.1\.1\.3/m);
  expect(stdout).toMatch(/^ {2}Register type 0 header\.COMMAND, bit BUS_MASTER: May read/m);
  expect(stdout).toMatch(/^ {2}Step {5}Event \d+, configWrite, at [\d,]+ ns\.$/m);
  expect(stdout).toMatch(/^ {2}Mend {5}Set Bus Master Enable/m);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('says that a run that is well is not stuck', async () => {
  const { code, stdout } = await doorbell('explain --stack pv --scene nop');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'pv, nop: not stuck\n' });
});

test('writes JSON, and nothing else', async () => {
  const { code, stdout } = await doorbell('explain --bug kick-lost --json -');
  expect(code).toBe(1);
  const report = JSON.parse(stdout) as Report;
  expect(report).toMatchObject({ schema: 'doorbell.explain/1', stuck: true });
  expect(report.causes).toHaveLength(1);
  expect(report.causes[0]).toMatchObject({ id: 'queue-not-notified', bit: null });
  expect(report.causes[0].step).toBeGreaterThan(0);
  expect(report.runs).toMatchObject([{ stack: 'pv', bug: 'kick-lost' }]);
});

test('reads a trace file of several runs', async () => {
  const path = await traceOf('two.trace', [['native', 'doorbell-stale'], ['pv']]);
  const { code, stdout } = await doorbell(`explain ${path} --json -`);
  expect(code).toBe(1);
  const { causes, runs } = JSON.parse(stdout) as Report;
  expect(causes.map(({ id }) => id)).toEqual(['stale-doorbell']);
  expect(runs.map(({ stack, bug, stuck }) => [stack, bug, stuck])).toEqual([
    ['native', 'doorbell-stale', true],
    ['pv', null, false],
  ]);
  const text = await doorbell(`explain ${path}`);
  expect(text.stdout).toMatch(/^stale-doorbell: /m);
  expect(text.stdout).toMatch(/^pv, nop: not stuck$/m);
});

test('lists all causes and all bugs in its help', async () => {
  const { stdout } = await doorbell('explain --help');
  for (const id of [...causeIds, ...bugs.keys()]) {
    expect(stdout).toMatch(new RegExp(`^  ${id} `, 'm'));
  }
});

test.each([
  ['explain --bug doorbel-lost', /'doorbel-lost'; near it: doorbell-lost, /],
  ['explain --bug kick-lost --stack native', /use --stack pv/],
  ['explain --bug mapping-forgotten --stack native:iommu=off', /native:iommu=strict/],
  ['explain --stack vax', /'vax'/],
  ['explain --scene vax', /'vax'/],
  ['explain --stack native,pv', /more than one stack/],
  ['explain --stack pv:transport=worker', /leave it inline/],
  ['explain nowhere.trace', /Cannot read 'nowhere\.trace': there is no such file/],
  ['explain nowhere.trace --bug kick-lost', /leave --stack and --bug out/],
])('%s is refused with exit code 2', async (line, message) => {
  const { code, stderr, stdout } = await doorbell(line);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
