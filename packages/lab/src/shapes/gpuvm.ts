/** GPUvm: the first to have several ways to one GPU in one hypervisor, and to compare them. */
import { crossing, bellBars, bellRegisters } from '@doorbell/abi';
import type { Stack } from '../stacks/stack.ts';
import { busMapOf } from '../tlp/bus-map.ts';
import type { Runs, Workload } from './runs.ts';
import type { Band, FigureRow, Relation, Shape, Source } from './shape.ts';
import { churn, nop, NOP_REQUESTS, triangle } from './workloads/small.ts';
import { stores } from './workloads/stores.ts';

const source: Source = {
  authors: 'Suzuki, Kato, Yamada, Kono',
  title: 'GPUvm: Why Not Virtualizing GPUs at the Hypervisor?',
  venue: 'USENIX ATC',
  year: 2014,
};
const sources = [source];

/** Every access to VRAM traps, and so does every store to a page table. */
const WORST = 'mdev:bar-remap=off:shadow=strict';
const BATCHED = 'pv:batch=16';

/** From the way that should be quickest; each must stand so to the one before it. */
const order: readonly (readonly [string, Relation | undefined])[] = [
  ['native', undefined],
  ['passthrough', 'at least'],
  ['sriov', 'at least'],
  ['pv-assisted', 'at least'],
  [BATCHED, 'above'],
  ['pv', 'above'],
  [WORST, 'above'],
];

function ordered(id: string, how: string, measure: (runs: Runs, stack: string) => Promise<number>) {
  return {
    ...{ id, sources },
    how: `${how} GPUvm had neither virtual functions nor assisted paravirtualization: they stand where its argument puts them.`,
    claim:
      'On short work the ways stand in an order: bare metal, passthrough, a virtual function, assisted paravirtualization, paravirtualization with batching, without it, and, far behind, full virtualization that traps all it can.',
    rows: order.map(([label, follows]): FigureRow => ({
      ...{ label, unit: '× native' },
      ...(follows === undefined ? {} : { follows }),
    })),
    measure: async (runs: Runs) => {
      const native = await measure(runs, 'native');
      return inTurn(order, async ([stack]) => (await measure(runs, stack)) / native);
    },
  } satisfies Shape;
}

/** One after another: runs do not share the machine. */
async function inTurn<T>(
  items: readonly T[],
  measure: (item: T) => Promise<number>,
): Promise<number[]> {
  const values: number[] = [];
  for (const item of items) {
    values.push(await measure(item));
  }
  return values;
}

/** A short program, as GPUvm's: one frame, all of which is counted. */
function programOf({ name }: Workload): string {
  return `One frame of \`${name}\`, 64x48, from the driver's probe to its removal`;
}

function within(id: string, claim: string, stack: string, band: Band): readonly Shape[] {
  return [nop, triangle].map((program) => ({
    ...{ id: `${id}-${program.name}`, sources, claim },
    how: `${programOf(program)}.`,
    rows: [{ label: stack, unit: '× native', band }],
    measure: async (runs) => [
      (await runs.wholeNs(stack, program, 1)) / (await runs.wholeNs('native', program, 1)),
    ],
  }));
}

const initAndClose = [nop, triangle].map((program): Shape => ({
  id: `gpuvm-init-close-${program.name}`,
  sources,
  claim:
    'In the worst mode of full virtualization a short program spends over nine tenths of its time in setting up and in cleaning up.',
  how: `${programOf(program)}: the part of its time in init and close.`,
  rows: [{ label: WORST, unit: '%', band: { least: 90 } }],
  measure: async (runs) => {
    const { byPhase, virtualNs } = (await runs.whole(WORST, program, 1)).time;
    return [(100 * (byPhase.init + byPhase.close)) / virtualNs!];
  },
}));

const FRAMES = 4;

const lazyShadows: Shape = {
  id: 'gpuvm-lazy-shadow',
  sources,
  claim:
    "Following the guest's page tables lazily takes about one update of the shadow for each submission, where following them strictly takes one or more for each flush.",
  how: `${FRAMES} frames of \`churn\`: shadow updates of \`mdev\` and \`mdev:shadow=strict\`, over the doorbells and TLB flushes that the same driver makes on \`native\`, counted in its trace.`,
  rows: [
    { label: 'lazy, per submission', unit: 'updates', band: { least: 0.5, most: 1.5 } },
    { label: 'strict, per flush', unit: 'updates', band: { least: 1 } },
    { label: 'strict over lazy', unit: '×' },
  ],
  measure: async (runs) => {
    const { doorbells, flushes } = await toldTheGpu(runs, churn, FRAMES);
    const lazy = (await runs.whole('mdev', churn, FRAMES)).counts.shadowUpdates;
    const strict = (await runs.whole('mdev:shadow=strict', churn, FRAMES)).counts.shadowUpdates;
    return [lazy / doorbells, strict / flushes, strict / lazy];
  },
};

/** What a driver tells its GPU: where nothing is in between, all of it is seen on the bus. */
async function toldTheGpu(
  runs: Runs,
  workload: Workload,
  frames: number,
): Promise<{ readonly doorbells: number; readonly flushes: number }> {
  let host!: Stack['host'];
  await runs.run('native', workload, frames, {
    onStack: (stack) => {
      ({ host } = stack);
      host.machine.tracer.recording = true;
    },
  });
  const map = busMapOf(host);
  const { TLB_INVALIDATE } = bellRegisters.rows;
  let doorbells = 0;
  let flushes = 0;
  for (const { kind, c } of host.machine.tracer) {
    const place = kind === 'mmioWrite' ? map.place(crossing.where(c)) : undefined;
    if (place?.bar === bellBars.DOORBELLS.index) {
      doorbells++;
    } else if (place?.bar === bellBars.REGISTERS.index && place.offset === TLB_INVALIDATE.offset) {
      flushes++;
    }
  }
  return { doorbells, flushes };
}

const barRemap: Shape = {
  id: 'gpuvm-bar-remap',
  sources,
  claim:
    'Mapping the VRAM aperture into the guest instead of trapping each access cuts exits at least tenfold where work is heavy on it.',
  how: `${FRAMES} frames, from probe to removal, that each write 12 KiB to the GPU's memory by the CPU, in pieces of 1 KiB.`,
  rows: [
    { label: 'fewer exits', unit: '×', band: { least: 10 } },
    { label: 'mdev:bar-remap=off', unit: 'exits' },
    { label: 'mdev', unit: 'exits' },
  ],
  measure: async (runs) => {
    const { exits: trapped } = (await runs.whole('mdev:bar-remap=off', stores, FRAMES)).counts;
    const { exits: mapped } = (await runs.whole('mdev', stores, FRAMES)).counts;
    return [trapped / mapped, trapped, mapped];
  },
};

export const gpuvm: readonly Shape[] = [
  ordered(
    'gpuvm-order-request',
    '`nop`, 64x48: the time of one more frame, 16 empty submissions that are each waited for.',
    async (runs, stack) => (await runs.perFrame(stack, nop)) / NOP_REQUESTS,
  ),
  ordered('gpuvm-order-nop', `${programOf(nop)}.`, (runs, stack) => runs.wholeNs(stack, nop, 1)),
  ordered('gpuvm-order-triangle', `${programOf(triangle)}.`, (runs, stack) =>
    runs.wholeNs(stack, triangle, 1),
  ),
  ...within(
    'gpuvm-worst',
    'Full virtualization that traps all it can takes tens to hundreds of times as long as bare metal for a short program.',
    WORST,
    { least: 30, most: 300 },
  ),
  ...within(
    'gpuvm-pv',
    'Paravirtualization without batching takes several times as long as bare metal for a short program.',
    'pv',
    { least: 3, most: 10 },
  ),
  ...within(
    'gpuvm-pv-batched',
    'With batching, paravirtualization takes two to three times as long as bare metal for a short program.',
    BATCHED,
    { least: 1.5, most: 3.5 },
  ),
  ...initAndClose,
  lazyShadows,
  barRemap,
];
