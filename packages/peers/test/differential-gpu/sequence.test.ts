import { ctrlHeader, gpuCommands, gpuQueues } from '@doorbell/abi';
import { describe, expect, test } from 'vitest';
import { type GpuRequest, joined, type Step } from '../../src/differential-gpu/request.ts';
import { requestCount } from '../../src/differential-gpu/script.ts';
import { scripts } from '../../src/differential-gpu/scripts/index.ts';
import { Sequence } from '../../src/differential-gpu/sequence.ts';

const arena = { address: 0x20_0000, bytes: 1 << 20 };

function requestsOf(steps: readonly Step[]): GpuRequest[] {
  return steps.flatMap((step) =>
    step.kind === 'request' ? [step.request] : step.kind === 'batch' ? step.requests : [],
  );
}

function typeOf({ readable }: GpuRequest): number {
  return ctrlHeader.decode(joined(...readable)).type;
}

describe('sequences of commands', () => {
  test('the same seed gives the same sequence, and another one another', () => {
    const of = (seed: number): readonly Step[] => Sequence.steps(seed, 200, arena).steps;
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  test('most commands of 2D and the pointer occur in each', () => {
    const { steps } = Sequence.steps(3, 300, arena);
    const types = new Set(requestsOf(steps).map(typeOf));
    const { GET_DISPLAY_INFO, GET_EDID, RESOURCE_CREATE_2D, RESOURCE_UNREF } = gpuCommands;
    const { SET_SCANOUT, RESOURCE_FLUSH, TRANSFER_TO_HOST_2D } = gpuCommands;
    const { RESOURCE_ATTACH_BACKING, RESOURCE_DETACH_BACKING } = gpuCommands;
    const { UPDATE_CURSOR, MOVE_CURSOR } = gpuCommands;
    expect([...types].sort()).toEqual(
      [
        ...[GET_DISPLAY_INFO, GET_EDID, RESOURCE_CREATE_2D, RESOURCE_UNREF],
        ...[SET_SCANOUT, RESOURCE_FLUSH, TRANSFER_TO_HOST_2D],
        ...[RESOURCE_ATTACH_BACKING, RESOURCE_DETACH_BACKING],
        ...[UPDATE_CURSOR, MOVE_CURSOR],
      ].sort(),
    );
  });

  test('it looks at the screens again and again, and at the end', () => {
    const { steps } = Sequence.steps(4, 200, arena);
    expect(steps.filter(({ kind }) => kind === 'screens')).toHaveLength(200 / 40 + 2);
    expect(steps.at(-1)?.kind).toBe('screens');
  });

  test('what is in a batch is of any queue, and there is something in each', () => {
    const { steps } = Sequence.steps(5, 300, arena);
    const batches = steps.filter((step) => step.kind === 'batch');
    expect(batches.length).toBeGreaterThan(50);
    expect(batches.every(({ requests }) => requests.length > 0)).toBe(true);
  });
});

describe('scripts', () => {
  test('each step of a script has a name of its own, by which a difference is known', () => {
    for (const [name, make] of Object.entries(scripts)) {
      const { steps } = make(arena);
      const labels = [
        ...requestsOf(steps).map(({ label }) => label),
        ...steps.flatMap((step) => (step.kind === 'screens' ? [step.label] : [])),
      ];
      const twice = labels.filter((label, at) => labels.indexOf(label) !== at);
      expect([name, twice]).toEqual([name, []]);
    }
  });

  test('together they have hundreds of commands, on both queues', () => {
    const all = Object.values(scripts).map((make) => make(arena).steps);
    expect(all.reduce((sum, steps) => sum + requestCount(steps), 0)).toBeGreaterThan(400);
    const queues = new Set(all.flatMap((steps) => requestsOf(steps).map(({ queue }) => queue)));
    expect([...queues].sort()).toEqual([gpuQueues.CONTROL, gpuQueues.CURSOR]);
  });
});
