/** The options of a stack that are about the host's IOMMU, as the physical machine takes them. */
import type { IommuMode } from '@doorbell/hypervisor';
import type { PhysicalMachineParts } from './physical-machine.ts';
import type { StackParts } from './stack.ts';

export function iommuParts(
  options: StackParts['options'],
): Pick<PhysicalMachineParts, 'iommu' | 'disableHugepages' | 'iotlbEntries'> {
  return {
    iommu: options.iommu as IommuMode,
    disableHugepages: options['iommu-pages'] === '4k',
    iotlbEntries: Number(options.iotlb),
  };
}
