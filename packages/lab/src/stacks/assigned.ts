/** A guest that VFIO gives a physical function to, and bell's driver in it. */
import type { Bell } from '@doorbell/device-model';
import { Vm, type Host, type IommuMode } from '@doorbell/hypervisor';
import { bellDriver, GUEST_BYTES, GUEST_GPU, type Stack, type StackParts } from './stack.ts';

/** @param physical  of no driver yet; its whole group becomes the guest's. */
export function assigned(
  host: Host,
  bell: Bell,
  physical: number,
  options: StackParts['options'],
): Stack {
  const { vfio } = host;
  vfio.setDriverOverride(physical, 'vfio-pci');
  vfio.probe(physical);

  const vm = new Vm(host, {
    name: 'guest',
    ramBytes: GUEST_BYTES,
    postedInterrupts: options['posted-interrupts'] === 'on',
    viommu: options.viommu as IommuMode,
  });
  vm.assign(GUEST_GPU, physical, vfio.groupOf(physical));
  vm.bus.assignBars();
  return {
    host,
    vm,
    computer: vm.computer,
    bdf: GUEST_GPU,
    bell,
    busyNs: () => bell.counts.busyNs,
    probe: bellDriver(vm.computer, GUEST_GPU),
  };
}
