import type { CompareRequest, CompareResult } from '@doorbell/lab';
import { beforeEach, expect, test, vi } from 'vitest';
import { doorbell } from './captured.ts';
import { handMadeReport, handMadeStack } from './hand-made-report.ts';

const compare = vi.hoisted(() => vi.fn<(request: CompareRequest) => Promise<CompareResult>>());
vi.mock('@doorbell/lab', async (original) => ({ ...(await original<object>()), compare }));

beforeEach(() => {
  const result = { report: handMadeReport, lastFrames: new Map(), mismatch: undefined };
  compare.mockReset().mockResolvedValue(result);
});

/** What the comparison is asked to do with each guest. */
async function guests(line: string) {
  const { code, stderr } = await doorbell(`compare ${line}`);
  expect([code, stderr]).toEqual([0, '']);
  return compare.mock.lastCall?.[0].guests?.map(({ name, scene, weight, cap, context }) => ({
    ...{ name, scene: scene.name, weight, cap, frames: context.frames },
  }));
}

async function refusal(line: string): Promise<string> {
  const { code, stderr } = await doorbell(`compare ${line}`);
  expect(code).toBe(2);
  expect(compare).not.toHaveBeenCalled();
  return stderr;
}

test('without them there is one guest, and nobody speaks of it', async () => {
  expect(await guests('--scene nop')).toBeUndefined();
});

test('--guests N: so many that draw the scene', async () => {
  const each = { scene: 'nop', weight: 1, cap: 0, frames: 5 };
  expect(await guests('--scene nop --frames 5 --guests 2')).toEqual([
    { name: 'guest0', ...each },
    { name: 'guest1', ...each },
  ]);
});

test('--guest SCENE, once for each: what it draws, and what it is due', async () => {
  expect(
    await guests('--frames 5 --guest bunny:weight=2:cap=50 --guest churn:frames=3 --guest nop'),
  ).toEqual([
    { name: 'guest0', scene: 'bunny', weight: 2, cap: 50, frames: 5 },
    { name: 'guest1', scene: 'churn', weight: 1, cap: 0, frames: 3 },
    { name: 'guest2', scene: 'nop', weight: 1, cap: 0, frames: 5 },
  ]);
});

test.each([
  ['--guests 2 --guest nop', '--guests and --guest exclude each other'],
  ['--guests 0', 'whole number from 1 to 128'],
  ['--guests 129', 'whole number from 1 to 128'],
  ['--guest nothing', "There is no scene 'nothing'"],
  ['--guest nop:weight=0', "'weight' is a whole number from 1 to 65535, not '0'"],
  ['--guest nop:cap=101', "'cap' is a whole number from 0 to 100, not '101'"],
  ['--guest nop:cap=1e2', "'cap' is a whole number from 0 to 100, not '1e2'"],
  ['--guest nop:frames=0', "'frames' is a whole number from 1 to 100000"],
  [
    '--guest nop:speed=2',
    "a guest has weight, cap, frames, as in bunny:weight=2, and no 'speed=2'",
  ],
  ['--guest nop:weight', "'weight' is a whole number"],
  ['--guest nop --model bunny.obj', "None of the guests' scenes takes a --model"],
])('%s is refused with a reason', async (line, reason) => {
  expect(await refusal(line)).toContain(reason);
});

test('a guest that gave up fails the comparison, and is named', async () => {
  const lost = handMadeStack('sriov', {
    guests: [
      {
        ...{ name: 'guest3', scene: 'nop', frames: 1, sha256: 'a', share: 0, due: 1 },
        ...{ p50Ns: 1, p99Ns: 1, busyNs: 0, waitsNs: {}, error: 'bell: HANG' },
      },
    ],
  });
  const report = { ...handMadeReport, stacks: [lost] };
  compare.mockResolvedValue({ report, lastFrames: new Map(), mismatch: undefined });
  const { code, stderr } = await doorbell('compare --guests 4 --json -');
  expect(code).toBe(1);
  expect(stderr).toContain('Not all guests came through: guest3 on sriov.');
});
