/** The options of a stack that are about IOMMUs, as the physical machine and its guests take them. */
import type { IommuMode, IommuPolicy } from '@doorbell/hypervisor';
import { needOwn, OWN } from '../own-parts.ts';
import type { PhysicalMachineParts } from './physical-machine.ts';
import type { StackParts } from './stack.ts';

/** Whose DMA API it is of: the host's, or a guest's. @throws InputError when it is to be one's own, and there is none. */
export function iommuPolicy(
  { options, own }: Pick<StackParts, 'options' | 'own'>,
  whose: 'iommu' | 'viommu',
): IommuPolicy {
  return options[whose] === OWN
    ? needOwn(own, 'invalidation', whose)
    : (options[whose] as IommuMode);
}

export function iommuParts(
  parts: Pick<StackParts, 'options' | 'own'>,
): Pick<PhysicalMachineParts, 'iommu' | 'disableHugepages' | 'iotlbEntries'> {
  const { options } = parts;
  return {
    iommu: iommuPolicy(parts, 'iommu'),
    disableHugepages: options['iommu-pages'] === '4k',
    iotlbEntries: Number(options.iotlb),
  };
}
