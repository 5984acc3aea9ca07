/**
 * SR-IOV: the host keeps bell's physical function, and VFIO gives one of its virtual functions to
 * the guest. The hardware divides the channels, the VRAM and the engines' time.
 */
import { SriovPf } from '@doorbell/hypervisor';
import { assigned } from './assigned.ts';
import { iommuParts } from './iommu-options.ts';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import type { Stack, StackParts } from './stack.ts';

/** The virtual function that the guest is given. */
const ASSIGNED = 1;

export function sriov({ profile, options, display }: StackParts): Stack {
  const nobody = { flip: () => undefined };
  const { host, bell } = physicalMachine({
    profile,
    display: nobody,
    ...iommuParts(options),
    sriov: true,
  });
  const pf = new SriovPf(host, HOST_GPU, bell, {
    display: (index) => (index === ASSIGNED ? display : nobody),
  });
  pf.driversAutoprobe = false;
  pf.setNumVfs(Number(options.vfs));
  return assigned(host, bell, pf.virtualFunctions[ASSIGNED - 1], options);
}
