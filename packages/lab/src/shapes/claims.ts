/** What the sources say, a claim at a time: one may be several shapes, on several workloads. */
import { measuredProfiles } from './committed.ts';
import { expected } from './expected.ts';
import { shapes } from './index.ts';

export interface Claim {
  readonly source: string;
  /** In a few words. */
  readonly says: string;
  /** The ids of its shapes. */
  readonly shapes: readonly string[];
  /** Ids of what we asked beyond what the source says: found and explained like all others, and not counted. */
  readonly beside?: readonly string[];
}

function like(id: RegExp): readonly string[] {
  return shapes.map((shape) => shape.id).filter((name) => id.test(name));
}

export const claims: readonly Claim[] = [
  {
    source: 'GPUvm, USENIX ATC 2014',
    says: 'the order of the ways on short work, and by what factors',
    shapes: like(/^gpuvm-(order|worst|pv)/),
  },
  {
    source: 'GPUvm, USENIX ATC 2014',
    says: 'what the worst mode spends its time on; lazy shadowing; BAR remap',
    shapes: like(/^gpuvm-(init-close-nop|lazy|bar)/),
    // Our notes say it of short programs and name none. `nop` is the shortest; a triangle has a buffer to clear.
    beside: ['gpuvm-init-close-triangle'],
  },
  {
    source: 'LoGV 2013, AvA 2020, gVirt 2014',
    says: 'long work is near bare metal',
    shapes: like(/^long-work/),
  },
  {
    source: 'VMware SVGA, WIOV 2008',
    says: 'cost falls with the batch, as a + b / batch',
    shapes: ['svga-draws'],
    // The source speaks of draws in a batch; the other batch is of notifications.
    beside: ['svga-notifications'],
  },
  {
    source: 'Paradice, ASPLOS 2014',
    says: 'polling is cheaper, and burns CPUs',
    shapes: like(/^paradice/),
  },
  {
    source: 'Amit et al., USENIX ATC 2011',
    says: "a guest's own IOMMU: strict, deferred, and the window",
    shapes: like(/^viommu/),
  },
  {
    source: 'ELI, ASPLOS 2012',
    says: 'what exits of interrupts cost',
    shapes: like(/^eli/),
  },
  {
    source: 'Amit et al., WIOSCA 2010',
    says: 'larger pages cut misses of the IOTLB',
    shapes: like(/^wiosca/),
  },
  {
    source: 'gHyvi, USENIX ATC 2015',
    says: 'page-table churn hurts mediation alone',
    shapes: like(/^ghyvi/),
  },
  {
    source: "GVT-g's scheduler",
    says: 'weights are met on short work, and broken by long',
    shapes: like(/^gvtg/),
  },
];

/** Whether all of a claim's shapes hold under a profile, some, or none. */
export function found({ shapes: ids }: Claim, profile: string): 'holds' | 'partly' | 'does not' {
  const holding = ids.filter((id) => expected[id][profile] === true).length;
  return holding === ids.length ? 'holds' : holding === 0 ? 'does not' : 'partly';
}

/** Under each profile that was measured: `3 hold, 5 partly`. */
export function foundInAll(): readonly string[] {
  return measuredProfiles.map((profile) => {
    const all = claims.map((claim) => found(claim, profile));
    const count = (what: (typeof all)[number]): number => all.filter((one) => one === what).length;
    return `${count('holds')} hold, ${count('partly')} partly`;
  });
}
