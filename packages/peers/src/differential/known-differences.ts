/**
 * In what our devices differ from others' on purpose, or because others err: one row each. The
 * comparisons excuse exactly these, and fail when one of them is not met.
 */
import { bochsDifferences } from './bochs-differences.ts';
import { eduDifferences } from './edu-differences.ts';
import { iommuDifferences } from './iommu-differences.ts';
import type { ComparedDevice, KnownDifference } from './known-difference.ts';
import { virtioGpuDifferences } from './virtio-gpu-differences.ts';

export const knownDifferences: readonly KnownDifference[] = [
  ...eduDifferences,
  ...bochsDifferences,
  ...virtioGpuDifferences,
  ...iommuDifferences,
];

export function differencesOf(device: ComparedDevice): readonly KnownDifference[] {
  return knownDifferences.filter((row) => row.device === device);
}
