/** ELI: an assigned device's interrupts given to the guest without exits. */
import type { Runs, Workload } from './runs.ts';
import type { FigureRow, Shape } from './shape.ts';
import { nop, waitedBurst } from './workloads/small.ts';

const EXITS = 'passthrough';
const POSTED = 'passthrough:posted-interrupts=on';

/** One small draw for each interrupt. */
const draws = waitedBurst(1);

async function throughput(runs: Runs, stack: string, workload: Workload): Promise<number> {
  return (100 * (await runs.perFrame('native', workload))) / (await runs.perFrame(stack, workload));
}

const row = (label: string, band?: FigureRow['band']): FigureRow => ({
  ...{ label, unit: '% of native' },
  ...(band === undefined ? {} : { band }),
});

export const eli: readonly Shape[] = [
  {
    id: 'eli-interrupts',
    sources: [
      {
        authors: "Gordon, Amit, Har'El, Ben-Yehuda, Landau, Schuster, Tsafrir",
        title: 'ELI: Bare-Metal Performance for I/O Virtualization',
        venue: 'ASPLOS',
        year: 2012,
      },
    ],
    claim:
      'Work that is bound by interrupts reaches 60 to 65 per cent of bare metal where each interrupt costs exits, and 97 to 100 where none does.',
    how: 'Submissions in a given time through `passthrough`, against `native`, by the time of one more frame: `nop`, which has one interrupt for each empty submission, and, to be read beside it, a submission of one small draw for each interrupt. Of the two bands the second is in the abstract, which has the gain as 1.3 to 1.6 times; the first is from notes.',
    rows: [
      row('with exits, nop', { least: 60, most: 65 }),
      row('posted, nop', { least: 97, most: 100 }),
      row('with exits, a draw each'),
      row('posted, a draw each'),
      { label: 'posted over with exits, nop', unit: '×' },
    ],
    measure: async (runs) => {
      const exits = await throughput(runs, EXITS, nop);
      const posted = await throughput(runs, POSTED, nop);
      return [
        exits,
        posted,
        await throughput(runs, EXITS, draws),
        await throughput(runs, POSTED, draws),
        posted / exits,
      ];
    },
  },
];
