/** Device assignment: VFIO takes bell from the host and gives it to one guest. */
import { Vm, type IommuMode } from '@doorbell/hypervisor';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import { bellDriver, GUEST_BYTES, GUEST_GPU, type Stack, type StackParts } from './stack.ts';

export function passthrough({ profile, options, display }: StackParts): Stack {
  const iommu = options.iommu as IommuMode;
  const { host, bell } = physicalMachine({ profile, display, iommu });
  const { vfio } = host;
  vfio.unbind(HOST_GPU);
  vfio.setDriverOverride(HOST_GPU, 'vfio-pci');
  vfio.probe(HOST_GPU);

  const vm = new Vm(host, {
    name: 'guest',
    ramBytes: GUEST_BYTES,
    postedInterrupts: options['posted-interrupts'] === 'on',
  });
  vm.assign(GUEST_GPU, HOST_GPU, vfio.groupOf(HOST_GPU));
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
