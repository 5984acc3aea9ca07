/** Device assignment: VFIO takes bell from the host and gives it to one guest. */
import { Bell } from '@doorbell/device-model';
import { Host, Vm, type IommuMode } from '@doorbell/hypervisor';
import {
  bellDriver,
  engineRates,
  GPU,
  GPU_GROUP,
  GUEST_BYTES,
  HOST_BYTES,
  type Stack,
  type StackParts,
} from './stack.ts';

export function passthrough({ profile, options, display }: StackParts): Stack {
  const host = new Host({
    profile,
    display,
    iommu: options.iommu as IommuMode,
    memoryBytes: HOST_BYTES,
  });
  const bell = host.plug(GPU, (ports) => new Bell(ports, engineRates(profile, 'engine')));
  host.bus.assignBars();

  const { vfio } = host;
  vfio.unbind(GPU);
  vfio.setDriverOverride(GPU, 'vfio-pci');
  vfio.probe(GPU);

  const vm = new Vm(host, {
    name: 'guest',
    ramBytes: GUEST_BYTES,
    postedInterrupts: options['posted-interrupts'] === 'on',
  });
  vm.assign(GPU, GPU, GPU_GROUP);
  vm.bus.assignBars();
  return {
    host,
    vm,
    computer: vm.computer,
    bdf: GPU,
    bell,
    busyNs: () => bell.counts.busyNs,
    probe: bellDriver(vm.computer),
  };
}
