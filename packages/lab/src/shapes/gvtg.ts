/** GVT-g's scheduler: weights of the GPU's time, on work that is short and on work that is long. */
import type { GuestRequest } from '../frames.ts';
import type { Stack } from '../stacks/stack.ts';
import type { Runs } from './runs.ts';
import type { FigureRow, Shape, Source } from './shape.ts';
import { queuedDraws } from './workloads/queued-draws.ts';

const sources: readonly Source[] = [
  {
    authors: 'Tian, Dong, Cowperthwaite',
    title: 'A Full GPU Virtualization Solution with Mediated Pass-Through',
    venue: 'USENIX ATC',
    year: 2014,
  },
  {
    authors: 'Intel',
    title: 'drivers/gpu/drm/i915/gvt/sched_policy.c',
    venue: 'Linux 6.1,',
    year: 2022,
  },
];

const SECOND_NS = 1_000_000_000;
/** Weights are met within 5 per cent. */
const MET = { least: 0.95, most: 1.05 };
const WEIGHTS = [1, 2, 4];

/** Draws of 0.1 ms, ten of them a frame; and one of 60 ms. */
const short = queuedDraws(16, 10);
const long = queuedDraws(9000, 1);
const window = { width: 64, height: 48, seed: 1 };

/** So many that each guest draws for more than a second, whatever it gets of it. */
const SHORT_FRAMES = [190, 330, 620];
const LONG_FRAMES = 12;

/** @param lightestLong  whether the draws of the guest of weight 1 are long */
function guests(lightestLong: boolean): readonly GuestRequest[] {
  return WEIGHTS.map((weight, index) => {
    const isLong = lightestLong && index === 0;
    return {
      ...{ name: `weight ${weight}`, scene: isLong ? long : short, weight, cap: 0 },
      context: { ...window, frames: isLong ? LONG_FRAMES : SHORT_FRAMES[index] },
    };
  });
}

/** Of each guest, what it had of the GPU's busy time in the first second in which all drew, over what it is due. */
async function got(runs: Runs, stack: string, of: readonly GuestRequest[]): Promise<number[]> {
  let built!: Stack;
  const began = of.map(() => Infinity);
  const ended = of.map(() => Infinity);
  await runs.run(stack, { name: '', scene: short, ...window, between: [0, 0] }, 0, {
    guests: of,
    onStack: (made) => {
      built = made;
    },
    onFrame: (frame, guest) => {
      const { now } = built.host.machine;
      if (frame === 0) {
        began[guest] = now;
      } else if (frame === of[guest].context.frames) {
        ended[guest] = now;
      }
    },
  });
  const from = Math.max(...began);
  const to = from + SECOND_NS;
  if (Math.min(...ended) < to) {
    throw new RangeError('A guest was done before a second had passed.');
  }
  return shares(built, from, to);
}

function shares({ guests: all }: Stack, from: number, to: number): number[] {
  const { sharing } = all[0].gpu!;
  const busy = all.map(() => 0);
  for (const span of sharing.ledger.eachSpan()) {
    busy[span.tenant] += Math.max(0, Math.min(span.to, to) - Math.max(span.from, from));
  }
  const total = busy.reduce((sum, ns) => sum + ns, 0);
  return all.map(({ gpu }) => busy[gpu!.tenant] / total / sharing.due[gpu!.tenant]);
}

const figures = (label: string, band?: FigureRow['band']): readonly FigureRow[] =>
  WEIGHTS.map((weight) => ({
    ...{ label: `${label}, weight ${weight}`, unit: '× its due' },
    ...(band === undefined ? {} : { band }),
  }));

export const gvtg: readonly Shape[] = [
  {
    id: 'gvtg-short',
    sources,
    claim: 'Weights of 1, 2 and 4 are met within 5 per cent over a second of short work.',
    how: "Three guests under `scheduler=weighted`, each with draws of 0.1 ms always queued: what each had of the engines' busy time in the first second in which all drew, over what it is due by its weight. The last three figures are there to be read: a tick of 4 ms in place of one.",
    rows: [...figures('mdev', MET), ...figures('sriov', MET), ...figures('mdev, 4 ms')],
    measure: async (runs) => [
      ...(await got(runs, 'mdev:scheduler=weighted', guests(false))),
      ...(await got(runs, 'sriov:scheduler=weighted', guests(false))),
      ...(await got(runs, 'mdev:scheduler=weighted:timeslice=4000', guests(false))),
    ],
  },
  {
    id: 'gvtg-long',
    sources,
    claim: 'Long work that cannot be preempted breaks the weights.',
    how: 'The same, but the guest of weight 1 draws for 60 ms at a time. Broken: it has more than 5 per cent beyond its due. The last three figures are there to be read: the draws are stopped when their turn is over. Where a switch is dear it breaks them by itself, as `gvtg-short` shows.',
    rows: [
      { ...figures('mdev')[0], band: { least: MET.most } },
      ...figures('mdev').slice(1),
      ...figures('mdev, preempt'),
    ],
    measure: async (runs) => [
      ...(await got(runs, 'mdev:scheduler=weighted', guests(true))),
      ...(await got(runs, 'mdev:scheduler=weighted:preempt=on', guests(true))),
    ],
  },
];
