/** VMware SVGA: a paravirtual GPU of commands in a FIFO, and what it pays for each notification. */
import type { Runs, Workload } from './runs.ts';
import type { FigureRow, Shape, Source } from './shape.ts';
import { BURST_DRAWS, churn, waitedBurst } from './workloads/small.ts';

const source: Source = {
  authors: 'Dowty, Sugerman',
  title: "GPU Virtualization on VMware's Hosted I/O Architecture",
  venue: 'WIOV',
  year: 2008,
};

/** How far a fit may lie from what was measured, in per cent of that. */
const MOST_RESIDUAL = 10;

interface Fit {
  readonly a: number;
  readonly b: number;
  /** The largest, in per cent of the measured value. */
  readonly residual: number;
}

/** The a and b of a + b / size with the least squares of residuals. */
export function fit(sizes: readonly number[], costs: readonly number[]): Fit {
  const count = sizes.length;
  const inverse = sizes.map((size) => 1 / size);
  const meanX = inverse.reduce((sum, x) => sum + x, 0) / count;
  const meanY = costs.reduce((sum, y) => sum + y, 0) / count;
  const covariance = inverse.reduce((sum, x, i) => sum + (x - meanX) * (costs[i] - meanY), 0);
  const variance = inverse.reduce((sum, x) => sum + (x - meanX) * (x - meanX), 0);
  const b = covariance / variance;
  const a = meanY - b * meanX;
  const residuals = inverse.map((x, i) => (100 * Math.abs(costs[i] - a - b * x)) / costs[i]);
  return { a, b, residual: Math.max(...residuals) };
}

/** @param cost  of one draw or command, in nanoseconds, in batches of `size` */
function batched(
  shape: Pick<Shape, 'id' | 'claim' | 'how'>,
  sizes: readonly number[],
  cost: (runs: Runs, size: number) => Promise<number>,
): Shape {
  const rows = sizes.map((size, index): FigureRow => ({
    ...{ label: `batches of ${size}`, unit: 'ns' },
    ...(index === 0 ? {} : { follows: 'below' }),
  }));
  return {
    ...shape,
    sources: [source],
    rows: [
      ...rows,
      { label: 'a', unit: 'ns', band: { least: 0 } },
      { label: 'b', unit: 'ns', band: { least: 0 } },
      { label: 'largest residual', unit: '%', band: { most: MOST_RESIDUAL } },
    ],
    measure: async (runs) => {
      const costs: number[] = [];
      for (const size of sizes) {
        costs.push(await cost(runs, size));
      }
      const { a, b, residual } = fit(sizes, costs);
      return [...costs, a, b, residual];
    },
  };
}

const bursts: ReadonlyMap<number, Workload> = new Map(
  [1, 2, 4, 8, 16, 32, 64].map((size) => [size, waitedBurst(size)]),
);

/** Commands that `churn` has the backend do in a frame. */
function commandsOf({ counts }: Awaited<ReturnType<Runs['whole']>>): number {
  return Object.values(counts.commands).reduce((sum, count) => sum + count, 0);
}

export const svga: readonly Shape[] = [
  batched(
    {
      id: 'svga-draws',
      claim:
        'What a draw costs falls with the draws that are submitted together, as a + b / batch.',
      how: '64 small draws a frame through `pv`, 1 to 64 of them in a submission, each submission waited for: the time of one more frame over its 64 draws, and the line of least squares through 1 / batch.',
    },
    [...bursts.keys()],
    async (runs, size) => (await runs.perFrame('pv', bursts.get(size)!)) / BURST_DRAWS,
  ),
  batched(
    {
      id: 'svga-notifications',
      claim: 'What a command costs falls with the commands of one notification, as a + b / batch.',
      how: '`churn` through `pv` with `batch=` 1 to 16: the time of one more frame over the commands that it sends.',
    },
    [1, 2, 4, 8, 16],
    async (runs, size) => {
      const stack = size === 1 ? 'pv' : `pv:batch=${size}`;
      return (await runs.perFrame(stack, churn)) / (await runs.perFrame(stack, churn, commandsOf));
    },
  ),
];
