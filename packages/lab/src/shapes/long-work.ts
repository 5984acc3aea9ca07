/** LoGV, AvA and gVirt: three ways in between, each near bare metal once work is long. */
import type { Runs } from './runs.ts';
import type { FigureRow, Shape } from './shape.ts';
import { longDraw } from './workloads/long-draw.ts';

const near = ['passthrough', 'sriov', 'pv-assisted', 'pv', 'mdev'];
const far = 'emulated';

export const longWork: readonly Shape[] = [
  {
    id: 'long-work',
    sources: [
      {
        authors: 'Gottschlag, Hillenbrand, Kehne, Stoess, Bellosa',
        title: 'LoGV: Low-Overhead GPGPU Virtualization',
        venue: 'HPCC',
        year: 2013,
      },
      {
        authors: 'Yu, Peters, Akshintala, Rossbach',
        title: 'AvA: Accelerated Virtualization of Accelerators',
        venue: 'ASPLOS',
        year: 2020,
      },
      {
        authors: 'Tian, Dong, Cowperthwaite',
        title: 'A Full GPU Virtualization Solution with Mediated Pass-Through',
        venue: 'USENIX ATC',
        year: 2014,
      },
    ],
    claim:
      'On long work every way through comes within a few per cent of bare metal, but for the one whose GPU is software.',
    how: 'A draw of 20 layers of 1024x1024 pixels a frame, which keeps the GPU for 2.1 ms: the time of one more frame against `native`.',
    rows: [
      ...near.map((label): FigureRow => ({
        ...{ label, unit: '× native', band: { least: 0.95, most: 1.05 } },
      })),
      { label: far, unit: '× native', band: { least: 1.05 } },
    ],
    measure: async (runs: Runs) => {
      const native = await runs.perFrame('native', longDraw);
      const values: number[] = [];
      for (const stack of [...near, far]) {
        values.push((await runs.perFrame(stack, longDraw)) / native);
      }
      return values;
    },
  },
];
