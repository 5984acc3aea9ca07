/** Amit et al., vIOMMU: what an IOMMU of its own costs a guest with an assigned device. */
import { runDeferredWindow, type WindowMode } from '../deferred-window.ts';
import type { Runs, Workload } from './runs.ts';
import type { Shape, Source } from './shape.ts';
import { churn } from './workloads/small.ts';

const sources: readonly Source[] = [
  {
    authors: 'Amit, Ben-Yehuda, Tsafrir, Schuster',
    title: 'vIOMMU: Efficient IOMMU Emulation',
    venue: 'USENIX ATC',
    year: 2011,
  },
];

/** The DMA API's queue of unmapped addresses is as full at the end as at the beginning, or nearly so. */
const workload: Workload = { ...churn, between: [8, 16] };
const how =
  '`churn`, in which 32 buffers a frame are mapped and unmapped, through `passthrough:viommu=`: the time of one more frame';

/** What it adds to a frame, in per cent of one without. */
async function added(runs: Runs, stack: string, without: string): Promise<number> {
  const times = (await runs.perFrame(stack, workload)) / (await runs.perFrame(without, workload));
  return 100 * (times - 1);
}

const exits = (runs: Runs, mode: WindowMode): Promise<number> =>
  runs.perFrame(
    `passthrough:viommu=${mode}`,
    workload,
    ({ counts }) => counts.exitsByReason.viommu,
  );

const guest = (runs: Runs, mode: WindowMode): Promise<number> =>
  added(runs, `passthrough:viommu=${mode}`, 'passthrough');
const bare = (runs: Runs, mode: WindowMode): Promise<number> =>
  added(runs, `native:iommu=${mode}`, 'native:iommu=off');

export const viommu: readonly Shape[] = [
  {
    id: 'viommu-strict',
    sources,
    claim: "With a guest's own IOMMU, strict invalidation is far dearer than deferred.",
    how: `${how}. Far dearer is, by our band, half as long again.`,
    rows: [
      { label: 'strict', unit: '× deferred', band: { least: 1.5 } },
      { label: 'exits of the IOMMU, strict', unit: 'a frame' },
      { label: 'exits of the IOMMU, deferred', unit: 'a frame' },
    ],
    measure: async (runs) => [
      (await runs.perFrame('passthrough:viommu=strict', workload)) /
        (await runs.perFrame('passthrough:viommu=deferred', workload)),
      await exits(runs, 'strict'),
      await exits(runs, 'deferred'),
    ],
  },
  {
    id: 'viommu-deferred',
    sources,
    claim: "With a guest's own IOMMU, deferred invalidation is close to none.",
    how: `${how}, over one without; close is, by our band, what adds no more than 5 per cent. Beside it what the host's own IOMMU adds to bare metal, over \`native:iommu=off\`.`,
    rows: [
      { label: 'deferred adds', unit: '%', band: { most: 5 } },
      { label: 'strict adds', unit: '%' },
      { label: 'deferred adds to bare metal', unit: '%' },
      { label: 'strict adds to bare metal', unit: '%' },
    ],
    measure: async (runs) => [
      await guest(runs, 'deferred'),
      await guest(runs, 'strict'),
      await bare(runs, 'deferred'),
      await bare(runs, 'strict'),
    ],
  },
  {
    id: 'viommu-window',
    sources,
    claim:
      'Deferred invalidation leaves a window in which a device can write to a page that was freed; strict leaves none.',
    how: 'A driver frees a page that its GPU has an address of, the page gets a new owner, and the GPU writes: bytes of the new owner that it wrote over, and the faults that the IOMMU had recorded by then. [The page on the IOMMU](../mechanisms/iommu.md#the-window) has it step by step.',
    rows: [
      { label: 'deferred, written over', unit: 'bytes', band: { least: 1 } },
      { label: 'strict, written over', unit: 'bytes', band: { most: 0 } },
      { label: 'deferred, faults', unit: 'faults', band: { most: 0 } },
      { label: 'strict, faults', unit: 'faults', band: { least: 1 } },
    ],
    measure: async ({ profile }) => {
      const deferred = await runDeferredWindow('deferred', profile);
      const strict = await runDeferredWindow('strict', profile);
      const faults = ({ steps }: typeof strict): number =>
        steps.find(({ did }) => did === 'write-late')!.faults;
      return [deferred.corruptedBytes, strict.corruptedBytes, faults(deferred), faults(strict)];
    },
  },
];
