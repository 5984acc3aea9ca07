/**
 * SR-IOV: the host keeps bell's physical function, and VFIO gives one of its virtual functions to
 * the guest. The hardware divides the channels, the VRAM and the engines' time.
 */
import { SriovPf, Vm, type IommuMode } from '@doorbell/hypervisor';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import { bellDriver, GUEST_BYTES, GUEST_GPU, type Stack, type StackParts } from './stack.ts';

/** The virtual function that the guest is given. */
const ASSIGNED = 1;

export function sriov({ profile, options, display }: StackParts): Stack {
  const iommu = options.iommu as IommuMode;
  const nobody = { flip: () => undefined };
  const { host, bell } = physicalMachine({ profile, display: nobody, iommu, sriov: true });
  const pf = new SriovPf(host, HOST_GPU, bell, {
    display: (index) => (index === ASSIGNED ? display : nobody),
  });
  pf.driversAutoprobe = false;
  pf.setNumVfs(Number(options.vfs));

  const { vfio } = host;
  const physical = pf.virtualFunctions[ASSIGNED - 1];
  vfio.setDriverOverride(physical, 'vfio-pci');
  vfio.probe(physical);

  const vm = new Vm(host, {
    name: 'guest',
    ramBytes: GUEST_BYTES,
    postedInterrupts: options['posted-interrupts'] === 'on',
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
