/**
 * SR-IOV: the host keeps bell's physical function, and VFIO gives each guest one of its virtual
 * functions. The hardware divides the channels, the VRAM and the engines' time.
 */
import { TOTAL_VFS, type Display } from '@doorbell/abi';
import { SriovPf } from '@doorbell/hypervisor';
import { InputError } from '../input-error.ts';
import { assigned } from './assigned.ts';
import { iommuParts } from './iommu-options.ts';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import { shareGpu } from './share-gpu.ts';
import type { Stack, StackParts } from './stack.ts';

const nobody: Display = { flip: () => undefined };

/** @throws InputError when the GPU has fewer virtual functions than there are guests. */
export function sriov(parts: StackParts): Stack {
  const { profile, options, guests } = parts;
  if (guests.length > TOTAL_VFS) {
    throw new InputError(
      `'sriov': the GPU has ${TOTAL_VFS} virtual functions, too few for ${guests.length} guests: give it at most ${TOTAL_VFS}.`,
    );
  }
  const { host, bell } = physicalMachine({
    ...{ profile, display: nobody, sriov: true, guests: guests.length },
    ...iommuParts(parts),
  });
  // The guests have the first ones.
  const pf = new SriovPf(host, HOST_GPU, bell, {
    display: (index) => guests.at(index - 1)?.display ?? nobody,
  });
  pf.driversAutoprobe = false;
  pf.setNumVfs(Math.max(Number(options.vfs), guests.length));
  const assignments = guests.map((_, index) =>
    assigned(host, pf.virtualFunctions[index], index, parts),
  );
  const cpus = assignments.map(({ cpu }) => cpu);
  const sharing = shareGpu(parts, host, [bell], cpus);
  return {
    host,
    guests: assignments.map((guest, tenant) => ({ ...guest, gpu: { sharing, tenant } })),
    bells: [bell],
    busyNs: () => bell.counts.busyNs,
  };
}
