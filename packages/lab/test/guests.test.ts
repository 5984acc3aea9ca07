/** Several guests on one stack: each sees what it sees alone, whoever else there is. */
import { GpuError } from '@doorbell/abi';
import { profiles, schedulers } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import type { GuestRequest } from '../src/frames.ts';
import { InputError } from '../src/input-error.ts';
import type { StackReport } from '../src/report.ts';
import { runStack, type RunResult } from '../src/run.ts';
import type { Scene } from '../src/scene.ts';
import { scenes } from '../src/scenes/index.ts';
import { parseStacks } from '../src/stack-spec.ts';
import { testEnvironment } from './environment.ts';

const profile = profiles.get('kvm-x86')!;
const STACKS = ['native', 'passthrough', 'sriov', 'mdev', 'emulated', 'pv', 'pv-assisted'];
const NAMES = ['triangle', 'image', 'churn'];

function guest(
  scene: Scene | string,
  index: number,
  more: Partial<GuestRequest> = {},
): GuestRequest {
  return {
    ...{ name: `guest${index}`, weight: 1, cap: 0 },
    scene: typeof scene === 'string' ? scenes.get(scene)! : scene,
    context: { width: 64, height: 48, frames: 3, seed: index + 1 },
    ...more,
  };
}

const three = (): GuestRequest[] => NAMES.map((name, index) => guest(name, index));

function run(stack: string, guests: readonly GuestRequest[]): Promise<RunResult> {
  const [spec] = parseStacks(stack);
  const [{ scene, context }] = guests;
  return runStack({ spec, profile, scene, context, guests }, testEnvironment);
}

const hashes = ({ guests }: StackReport): string[] => guests.map(({ sha256 }) => sha256);

const solos = new Map<string, Promise<string>>();

/** What one draws alone: drawn once. Only of listed scenes, which their names tell apart. */
function solo(stack: string, one: GuestRequest): Promise<string> {
  const key = JSON.stringify([stack, one.scene.name, one.context]);
  const known = solos.get(key) ?? run(stack, [one]).then(({ report }) => hashes(report)[0]);
  solos.set(key, known);
  return known;
}

/** Each alone. */
async function soloHashes(stack: string, guests: readonly GuestRequest[]): Promise<string[]> {
  const all: string[] = [];
  for (const one of guests) {
    all.push(await solo(stack, one));
  }
  return all;
}

/** Spans of all tenants of a GPU are in order, and never at once. */
function expectApart({ stack }: RunResult): void {
  for (const { gpu } of stack!.guests) {
    const spans = gpu === undefined ? [] : [...gpu.sharing.ledger.eachSpan()];
    spans.slice(1).forEach(({ from }, index) => {
      expect(from).toBeGreaterThanOrEqual(spans[index].to);
    });
  }
}

describe.each(STACKS)('three guests on %s', (stack) => {
  it('draw what each draws alone, and the same report comes twice', async () => {
    const first = await run(stack, three());
    expect(hashes(first.report)).toEqual(await soloHashes(stack, three()));
    expect(first.report.guests.map(({ frames }) => frames)).toEqual([3, 3, 3]);
    expect(first.report.guests.every(({ error }) => error === undefined)).toBe(true);
    expectApart(first);
    const second = await run(stack, three());
    expect(JSON.stringify(second.report)).toBe(JSON.stringify(first.report));
  });

  it('are not disturbed by one whose GPU gives up in the middle', async () => {
    const { report } = await run(stack, [
      guest('triangle', 0),
      guest(failing(1), 1),
      guest('image', 2),
    ]);
    const solo = await soloHashes(stack, [guest('triangle', 0), guest('image', 2)]);
    expect([report.guests[0].sha256, report.guests[2].sha256]).toEqual(solo);
    expect(report.guests.map(({ error }) => error)).toEqual([undefined, 'It gave up.', undefined]);
    expect(report.guests.map(({ frames }) => frames)).toEqual([3, 1, 3]);
  });
});

/** A scene whose GPU gives up on a frame. */
function failing(frame: number): Scene {
  const triangle = scenes.get('triangle')!;
  return {
    ...triangle,
    setup: async (gpu, context) => {
      const scene = await triangle.setup(gpu, context);
      return {
        ...scene,
        frame: (index) =>
          index === frame
            ? Promise.reject(new GpuError('fault', 'It gave up.'))
            : scene.frame(index),
      };
    },
  };
}

describe('the error of a guest', () => {
  it('ends the time in which all draw', async () => {
    const long = guest('triangle', 1, {
      context: { width: 64, height: 48, frames: 12, seed: 1 },
    });
    const { report } = await run('native', [guest(failing(2), 0), long]);
    const { windowNs = 0 } = report.sharing ?? {};
    expect(windowNs).toBeGreaterThan(0);
    expect(windowNs).toBeLessThan((report.time.virtualNs ?? 0) / 3);
  });

  it('is thrown, when it is alone or all fail', async () => {
    await expect(run('native', [guest(failing(0), 0)])).rejects.toThrow('It gave up.');
    const all = [guest(failing(0), 0), guest(failing(2), 1)];
    await expect(run('sriov', all)).rejects.toThrow(GpuError);
  });

  it('that is not of the GPU ends the run', async () => {
    const broken: Scene = { ...failing(0), setup: () => Promise.reject(new TypeError('broken')) };
    await expect(run('native', [guest(broken, 0), guest('triangle', 1)])).rejects.toThrow('broken');
  });
});

describe.each([...schedulers.keys()])('by the scheduler %s', (scheduler) => {
  it.each(['off', 'on'])('each draws what it draws alone, with preempt=%s', async (preempt) => {
    const stack = `sriov:scheduler=${scheduler}:preempt=${preempt}`;
    const result = await run(stack, three());
    expect(hashes(result.report)).toEqual(await soloHashes('sriov', three()));
    expectApart(result);
    const { guests, time } = result.report;
    const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
    const busy = Object.entries(time.byCost).filter(
      ([name]) => name.startsWith('gpu.') && name !== 'gpu.tenantSwitch',
    );
    expect(sum(guests.map(({ busyNs }) => busyNs))).toBe(sum(busy.map(([, ns]) => ns)));
    expect(sum(guests.map(({ share }) => share))).toBeCloseTo(1, 9);
  });
});

describe('guests on passthrough', () => {
  it('have a GPU each, and all of it', async () => {
    const { report } = await run('passthrough', three());
    expect(report.guests.map(({ share, due }) => [share, due])).toEqual([
      ...[
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    ]);
    expect(report.sharing?.jain).toBe(1);
    expect(report.guests.map(({ waitsNs }) => waitsNs.schedule ?? 0)).toEqual([0, 0, 0]);
  });
});

describe('too many guests', () => {
  const many = (count: number): GuestRequest[] =>
    Array.from({ length: count }, (_, index) => guest('nop', index));

  it.each([
    ['sriov', 17, /16 virtual functions, too few for 17 guests: give it at most 16\./],
    ['mdev:type=bell-4', 5, /4 instances of bell-4, too few for 5 guests: use type=bell-\d+\./],
    ['passthrough', 32, /room for 31 GPUs, too few for 32 guests: give it at most 31\./],
  ])('are refused on %s, with what to do', async (stack, count, text) => {
    const error: unknown = await run(stack, many(count)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toMatch(text);
  });

  it('are refused where the backend is elsewhere', async () => {
    await expect(run('pv:transport=worker', many(2))).rejects.toThrow(InputError);
  });
});
