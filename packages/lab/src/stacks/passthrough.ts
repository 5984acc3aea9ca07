/** Device assignment: VFIO takes bell from the host and gives it to one guest. */
import { assigned } from './assigned.ts';
import { iommuParts } from './iommu-options.ts';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import type { Stack, StackParts } from './stack.ts';

export function passthrough({ profile, options, display }: StackParts): Stack {
  const { host, bell } = physicalMachine({ profile, display, ...iommuParts(options) });
  host.vfio.unbind(HOST_GPU);
  return assigned(host, bell, HOST_GPU, options);
}
