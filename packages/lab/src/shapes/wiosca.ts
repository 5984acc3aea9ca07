/** Amit et al., WIOSCA: the cache of an IOMMU misses less when its pages are large. */
import type { StackReport } from '../report.ts';
import type { Runs, Workload } from './runs.ts';
import type { FigureRow, Shape } from './shape.ts';
import { churn } from './workloads/small.ts';
import { stream } from './workloads/stream.ts';

const SMALL = 'passthrough:iommu-pages=4k';
const LARGE = 'passthrough';

const workloads: readonly Workload[] = [stream, { ...churn, between: [8, 16] }];

const misses = ({ counts }: StackReport): number => counts.iotlbMisses;
const translations = ({ counts }: StackReport): number => counts.iotlbHits + counts.iotlbMisses;

async function measure(runs: Runs, workload: Workload): Promise<readonly number[]> {
  const small = await runs.perFrame(SMALL, workload, misses);
  const large = await runs.perFrame(LARGE, workload, misses);
  const all = await runs.perFrame(SMALL, workload, translations);
  return [100 * (1 - large / small), small, large, all];
}

export const wiosca: readonly Shape[] = [
  {
    id: 'wiosca-superpages',
    sources: [
      {
        authors: 'Amit, Ben-Yehuda, Yassour',
        title: 'IOMMU: Strategies for Mitigating the IOTLB Bottleneck',
        venue: 'WIOSCA',
        year: 2010,
      },
    ],
    claim: 'Larger pages cut the misses of the IOTLB by 60 per cent or more.',
    how: '`passthrough` with the pages that VFIO makes of their own accord, of 2 MiB, against `iommu-pages=4k`, with the 64 translations that the IOTLB holds by default: of one more frame of `stream`, in which the GPU reads 512 KiB of system memory, and of `churn`. The paper has its figure of larger pages and prefetching together; prefetching is not modelled. Our guest is small: its 128 MiB are 64 pages of 2 MiB, so none of them need ever leave the IOTLB.',
    rows: workloads.flatMap(({ name }): readonly FigureRow[] => [
      { label: `fewer misses, ${name}`, unit: '%', band: { least: 60 } },
      { label: `misses, 4 KiB, ${name}`, unit: 'a frame' },
      { label: `misses, 2 MiB, ${name}`, unit: 'a frame' },
      { label: `translations, ${name}`, unit: 'a frame' },
    ]),
    measure: async (runs) => [
      ...(await measure(runs, workloads[0])),
      ...(await measure(runs, workloads[1])),
    ],
  },
];
