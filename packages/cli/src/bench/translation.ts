/** Translations of the IOMMU: those that the IOTLB knows, and those that walk the tables. */
import { bdf, PAGE_BYTES } from '@doorbell/abi';
import { Host, profiles } from '@doorbell/hypervisor';
import type { Benchmark, Work } from './benchmark.ts';

const TRANSLATIONS = 10_000;
const IOTLB_ENTRIES = 64;
const PAGES = 1024;
/** Far from where firmware puts anything, and not contiguous with it. */
const IOVA = 0x4000_0000;
const REQUESTER = bdf(0, 9, 0);

/** Translates `pages` pages in turn: more than the IOTLB holds are all forgotten again when their turn comes. */
function translations(pages: number): Work {
  const host = new Host({
    profile: [...profiles.values()][0],
    iommu: 'strict',
    display: { flip: () => {} },
    memoryBytes: 16 << 20,
    iotlbEntries: IOTLB_ENTRIES,
  });
  const { iommu } = host;
  const domain = iommu.createDomain({ largestLeaf: PAGE_BYTES });
  domain.table.map(IOVA, 0, PAGES * PAGE_BYTES, { read: true, write: true });
  iommu.attach(REQUESTER, domain);
  return {
    units: TRANSLATIONS,
    run: () => {
      let sum = 0;
      for (let i = 0; i < TRANSLATIONS; i++) {
        sum += iommu.translate(REQUESTER, IOVA + (i % pages) * PAGE_BYTES, false);
      }
      if (sum < 0) {
        throw new Error('The IOMMU refused a translation.');
      }
      return sum;
    },
  };
}

function lookups(): Work {
  const map = new Map(
    Array.from({ length: IOTLB_ENTRIES }, (_, page) => [page, page * PAGE_BYTES]),
  );
  return {
    units: TRANSLATIONS,
    run: () => {
      let sum = 0;
      for (let i = 0; i < TRANSLATIONS; i++) {
        sum += map.get(i % IOTLB_ENTRIES) ?? 0;
      }
      return sum;
    },
  };
}

const hits = (): Work => translations(IOTLB_ENTRIES / 2);
const misses = (): Work => translations(PAGES);

export const translationBenchmarks: readonly Benchmark[] = [
  {
    name: 'iommu.hit',
    unit: 'translation/s',
    against: 'Map lookups',
    prepare: () => ({ work: hits(), reference: lookups() }),
  },
  {
    name: 'iommu.miss',
    unit: 'translation/s',
    against: 'translations that hit',
    prepare: () => ({ work: misses(), reference: hits() }),
  },
];
