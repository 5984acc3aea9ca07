/** Device assignment: VFIO takes bell from the host and gives it to one guest. */
import type { IommuMode } from '@doorbell/hypervisor';
import { assigned } from './assigned.ts';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import type { Stack, StackParts } from './stack.ts';

export function passthrough({ profile, options, display }: StackParts): Stack {
  const iommu = options.iommu as IommuMode;
  const { host, bell } = physicalMachine({ profile, display, iommu });
  host.vfio.unbind(HOST_GPU);
  return assigned(host, bell, HOST_GPU, options);
}
