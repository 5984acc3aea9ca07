/** Bare metal: the host's own operating system drives bell. */
import { iommuParts } from './iommu-options.ts';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import { bellDriver, type Stack, type StackParts } from './stack.ts';

export function native({ profile, options, display }: StackParts): Stack {
  const { host, bell } = physicalMachine({ profile, display, ...iommuParts(options) });
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
