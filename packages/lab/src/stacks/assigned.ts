/** A guest that VFIO gives a physical function to, and bell's driver in it. */
import { Vm, type Host } from '@doorbell/hypervisor';
import { iommuPolicy } from './iommu-options.ts';
import { bellDriver, GUEST_GPU, type StackGuest, type StackParts, vmOptions } from './stack.ts';

/** @param physical  of no driver yet; its whole group becomes the guest's. */
export function assigned(
  host: Host,
  physical: number,
  index: number,
  parts: StackParts,
): Omit<StackGuest, 'gpu'> {
  const { vfio } = host;
  vfio.setDriverOverride(physical, 'vfio-pci');
  vfio.probe(physical);

  const vm = new Vm(host, {
    ...vmOptions(parts, index),
    viommu: iommuPolicy(parts, 'viommu'),
  });
  vm.assign(GUEST_GPU, physical, vfio.groupOf(physical));
  vm.bus.assignBars();
  const { computer } = vm;
  return {
    ...{ vm, computer, cpu: computer.parts.cpu, bdf: GUEST_GPU },
    probe: bellDriver(computer, GUEST_GPU, parts),
  };
}
