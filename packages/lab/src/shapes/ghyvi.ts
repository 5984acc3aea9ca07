/** gHyvi: what shadow page tables cost a mediated GPU when the guest's own keep changing. */
import { churn } from '../scenes/churn.ts';
import type { Scene } from '../scene.ts';
import type { Runs, Workload } from './runs.ts';
import type { Band, FigureRow, Shape } from './shape.ts';
import { pooled } from './workloads/pooled.ts';

/** More than this is hurt. */
const HURT = 1.1;
/** What a tile of `churn` may be, in bytes. */
const CHURN_BYTES = 40 * 40 * 4;

const bands: readonly (readonly [string, Band | undefined])[] = [
  ['mdev:shadow=strict', { least: HURT }],
  ['mdev', undefined],
  ['pv', { most: HURT }],
  ['sriov', { most: HURT }],
];

/** By frame 6 the pool is full. */
const workload = (scene: Scene): Workload => ({
  ...{ name: scene.name, scene, width: 64, height: 48, between: [6, 8] },
});
const churning = workload(churn);
const steady = workload(pooled(churn, CHURN_BYTES));

async function relative(runs: Runs, stack: string, of: Workload): Promise<number> {
  return (await runs.perFrame(stack, of)) / (await runs.perFrame('native', of));
}

export const ghyvi: readonly Shape[] = [
  {
    id: 'ghyvi-churn',
    sources: [
      {
        authors: 'Dong, Xue, Zheng, Wang, Qi, Guan',
        title: 'Boosting GPU Virtualization Performance with Hybrid Shadow Page Tables',
        venue: 'USENIX ATC',
        year: 2015,
      },
    ],
    claim:
      'Page tables that keep changing hurt a mediated GPU that follows each store, and neither paravirtualization nor a virtual function.',
    how: `\`churn\`, 32 buffers a frame made, written, copied and freed, and the same with a pool that keeps the buffers, by the time of one more frame. Worse: how many times \`native\` it takes without the pool, over how many times with it; above ${HURT} is hurt.`,
    rows: [
      ...bands.map(([label, band]): FigureRow => ({
        ...{ label, unit: '× worse' },
        ...(band === undefined ? {} : { band }),
      })),
      ...bands.map(([label]): FigureRow => ({ label: `${label}, no pool`, unit: '× native' })),
    ],
    measure: async (runs) => {
      const without: number[] = [];
      const worse: number[] = [];
      for (const [stack] of bands) {
        const times = await relative(runs, stack, churning);
        without.push(times);
        worse.push(times / (await relative(runs, stack, steady)));
      }
      return [...worse, ...without];
    },
  },
];
