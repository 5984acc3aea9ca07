import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GpuError } from '@doorbell/abi';
import type { CompareRequest, CompareResult, Picture } from '@doorbell/lab';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { doorbell } from './captured.ts';
import { handMadeReport, handMadeStack } from './hand-made-report.ts';

/** Stands in for the lab's comparison. */
const compare = vi.hoisted(() => vi.fn<(request: CompareRequest) => Promise<CompareResult>>());
vi.mock('@doorbell/lab', async (original) => ({ ...(await original<object>()), compare }));

const dot = (level: number): Picture => ({
  width: 1,
  height: 1,
  pixels: Uint8Array.of(level, level, level, 255),
});

const agreeing: CompareResult = {
  report: handMadeReport,
  lastFrames: new Map([['native', dot(1)]]),
  mismatch: undefined,
};
const differing: CompareResult = {
  report: {
    ...handMadeReport,
    identical: false,
    stacks: [
      handMadeStack('native'),
      handMadeStack('emulated', { frames: { count: 10, sha256: 'e'.repeat(64) } }),
    ],
  },
  lastFrames: new Map([['native', dot(1)]]),
  mismatch: {
    frame: 12,
    reference: 'native',
    stack: 'emulated',
    expected: dot(1),
    seen: dot(2),
  },
};
const pictures = ['frame-12-difference.png', 'frame-12-emulated.png', 'frame-12-native.png'];

let folder: string;
let before: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'compare-'));
  before = process.cwd();
  process.chdir(folder);
  compare.mockReset().mockResolvedValue(agreeing);
});
afterEach(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

test('asks for the defaults when nothing is said', async () => {
  await doorbell('compare');
  const [request] = compare.mock.lastCall ?? [];
  expect(request).toMatchObject({
    scene: { name: 'bunny' },
    frames: 60,
    width: 640,
    height: 480,
    seed: 1,
    profile: { name: 'kvm-x86' },
  });
  expect(request?.stacks.map(({ id }) => id)).toEqual([
    'native',
    'passthrough',
    'sriov',
    'mdev',
    'emulated',
    'pv',
    'pv-assisted',
  ]);
});

test('gives bare flags to every stack that has the option', async () => {
  await doorbell('compare --iommu deferred --vram trap --posted-interrupts on --seed 0');
  expect(compare.mock.lastCall?.[0].stacks.map(({ id }) => id)).toEqual([
    'native:iommu=deferred',
    'passthrough:iommu=deferred:posted-interrupts=on',
    'sriov:iommu=deferred:posted-interrupts=on',
    'mdev:iommu=deferred:posted-interrupts=on',
    'emulated:vram=trap',
    'pv',
    'pv-assisted:posted-interrupts=on',
  ]);
  expect(compare.mock.lastCall?.[0].seed).toBe(0);
});

test('leaves stdout to the JSON when that goes there', async () => {
  const { code, stdout, stderr } = await doorbell('compare --json -');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(handMadeReport);
  expect(stderr).toMatch(/^bunny: 60 frames of 640x480/);
});

test('names the first frame that differs, and writes both pictures and their difference', async () => {
  compare.mockResolvedValue(differing);
  const { code, stdout, stderr } = await doorbell('compare');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^identical: no$/m);
  expect(stderr).toBe(
    'doorbell: Frame 12 of emulated differs from that of native; both, and their difference, are in doorbell-mismatch.\n',
  );
  expect(readdirSync('doorbell-mismatch').sort()).toEqual(pictures);
});

test('writes the pictures of a mismatch beside the last frames, where there is a folder for them', async () => {
  compare.mockResolvedValue(differing);
  expect(await doorbell('compare --png out')).toMatchObject({ code: 1 });
  expect(readdirSync('out').sort()).toEqual([...pictures, 'native.png']);
});

test('tells the user to shrink what does not fit into the GPU', async () => {
  compare.mockRejectedValue(new GpuError('out-of-memory', 'No room.'));
  const { code, stderr } = await doorbell('compare --png a/b --json report.json');
  expect(code).toBe(2);
  expect(readdirSync('.')).toEqual([]);
  expect(stderr).toBe(
    'doorbell: The GPU has 256 MiB, too little for this scene: give a smaller --size, --model or --texture.\n',
  );
});

test('gives Ctrl-C back when it is done', async () => {
  const listeners = process.listenerCount('SIGINT');
  await doorbell('compare');
  expect(process.listenerCount('SIGINT')).toBe(listeners);
});

test('ends without a word when it was interrupted', async () => {
  compare.mockImplementation(async ({ signal }) => {
    process.emit('SIGINT');
    expect(signal?.aborted).toBe(true);
    throw new Error('whatever the lab throws then');
  });
  expect(await doorbell('compare --json -')).toMatchObject({ code: 130, stdout: '' });
});
