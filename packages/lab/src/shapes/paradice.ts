/** Paradice: calls of a device file forwarded to another virtual machine, by interrupts or by polling. */
import type { Runs, Workload } from './runs.ts';
import type { Shape } from './shape.ts';
import { longDraw } from './workloads/long-draw.ts';
import { nop, NOP_REQUESTS } from './workloads/small.ts';

const POLLING = 'pv:notify=poll';

/** CPUs that do nothing but look, on average. */
async function looking(runs: Runs, stack: string, workload: Workload): Promise<number> {
  const looks = await runs.perFrame(stack, workload, ({ time }) => time.byCost['driver.poll'] ?? 0);
  return looks / (await runs.perFrame(stack, workload));
}

export const paradice: readonly Shape[] = [
  {
    id: 'paradice-polling',
    sources: [
      {
        authors: 'Amiri Sani, Boos, Qin, Zhong',
        title: 'I/O Paravirtualization at the Device File Boundary',
        venue: 'ASPLOS',
        year: 2014,
      },
    ],
    claim:
      'Polling instead of interrupts makes a forwarded call cheaper by about an order of magnitude, and burns CPUs that would be idle.',
    how: '`nop` through `pv` and `pv:notify=poll`: the time of one more frame over its 16 submissions. CPUs that look: the busy time booked as `driver.poll`, of the guest and of the host, over the time that passed; for `nop` and for a frame that keeps the GPU for 2.1 ms.',
    rows: [
      { label: 'cheaper by', unit: '×', band: { least: 5, most: 20 } },
      { label: 'a call, interrupts', unit: 'µs' },
      { label: 'a call, polling', unit: 'µs' },
      { label: 'CPUs that look, interrupts, nop', unit: 'CPUs', band: { most: 0 } },
      { label: 'CPUs that look, polling, nop', unit: 'CPUs', band: { least: 0.1 } },
      { label: 'CPUs that look, polling, 2.1 ms draws', unit: 'CPUs', band: { least: 0.5 } },
    ],
    measure: async (runs) => {
      const interrupts = (await runs.perFrame('pv', nop)) / NOP_REQUESTS;
      const polling = (await runs.perFrame(POLLING, nop)) / NOP_REQUESTS;
      return [
        interrupts / polling,
        interrupts / 1000,
        polling / 1000,
        await looking(runs, 'pv', nop),
        await looking(runs, POLLING, nop),
        await looking(runs, POLLING, longDraw),
      ];
    },
  },
];
