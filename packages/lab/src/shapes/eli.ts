/** ELI: an assigned device's interrupts given to the guest without exits. */
import type { Runs, Workload } from './runs.ts';
import type { FigureRow, Shape } from './shape.ts';
import { UPDATE_BYTES, waitedUpdates } from './workloads/updates.ts';

const EXITS = 'passthrough';
const POSTED = 'passthrough:posted-interrupts=on';

/** What the CPU does for each interrupt, from nothing on. */
const amounts: readonly number[] = [0, 1, 2, 4, 6, 8, 10, 12, 16];
const workloads: readonly Workload[] = amounts.map(waitedUpdates);

/** In the middle of 60 to 65. */
const LOST_AS_MUCH = 62.5;

/** In per cent of bare metal. */
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
    how: `Submissions in a given time through \`passthrough\`, against \`native\`, by the time of one more frame. How much a paper's program does from one interrupt to the next is its own affair, so it is chosen: empty submissions, each waited for, and before each of them ${amounts.join(', ')} times ${UPDATE_BYTES} bytes stored by the CPU; of these workloads the one is taken of which exits leave the nearest to ${LOST_AS_MUCH} per cent. So the first figure says whether there is such a workload, and the second is what the claim is about. The paper has whole per cents, and the two are compared as such; the figures below them are not rounded. Of the two bands the second is in the abstract, which has the gain as 1.3 to 1.6 times; the first is from notes.`,
    rows: [
      row('with exits, to the per cent', { least: 60, most: 65 }),
      row('posted, to the per cent', { least: 97, most: 100 }),
      { label: 'stores for each interrupt', unit: `times ${UPDATE_BYTES} bytes` },
      row('with exits'),
      row('posted'),
      { label: 'posted over with exits', unit: '×', band: { least: 1.3, most: 1.6 } },
      row('with exits, no stores'),
      row('posted, no stores'),
    ],
    measure: async (runs) => {
      const [none] = workloads;
      const left: number[] = [];
      for (const workload of workloads) {
        left.push(await throughput(runs, EXITS, workload));
      }
      const away = left.map((percent) => Math.abs(percent - LOST_AS_MUCH));
      const taken = away.indexOf(Math.min(...away));
      const exits = left[taken];
      const posted = await throughput(runs, POSTED, workloads[taken]);
      return [
        ...[Math.round(exits), Math.round(posted), amounts[taken]],
        ...[exits, posted, posted / exits],
        ...[left[0], await throughput(runs, POSTED, none)],
      ];
    },
  },
];
