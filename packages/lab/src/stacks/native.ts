/** Bare metal: the host's own operating system drives bell. */
import type { IommuMode } from '@doorbell/hypervisor';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import { bellDriver, type Stack, type StackParts } from './stack.ts';

export function native({ profile, options, display }: StackParts): Stack {
  const iommu = options.iommu as IommuMode;
  const { host, bell } = physicalMachine({ profile, display, iommu });
  return {
    host,
    vm: undefined,
    computer: host.computer,
    bdf: HOST_GPU,
    bell,
    busyNs: () => bell.counts.busyNs,
    probe: bellDriver(host.computer, HOST_GPU),
  };
}
