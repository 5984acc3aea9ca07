/**
 * SR-IOV: the host keeps bell's physical function, and VFIO gives one of its virtual functions to
 * the guest. The hardware divides the channels, the VRAM and the engines' time.
 */
import { bdf } from '@doorbell/abi';
import { Bell } from '@doorbell/device-model';
import { Host, SriovPf, Vm, type IommuMode } from '@doorbell/hypervisor';
import {
  bellDriver,
  engineRates,
  GPU,
  GUEST_BYTES,
  HOST_BYTES,
  type Stack,
  type StackParts,
} from './stack.ts';

/** Function 0 of a bus of its own, whose other functions the virtual ones are. */
const PHYSICAL = bdf(1, 0, 0);
/** The virtual function that the guest is given. */
const ASSIGNED = 1;

export function sriov({ profile, options, display }: StackParts): Stack {
  const host = new Host({
    profile,
    display,
    iommu: options.iommu as IommuMode,
    memoryBytes: HOST_BYTES,
  });
  const rates = engineRates(profile, 'engine');
  const bell = host.plug(PHYSICAL, (ports) => new Bell(ports, rates, { sriov: true }));
  host.bus.assignBars();

  const nobody = { flip: () => undefined };
  const pf = new SriovPf(host, PHYSICAL, bell, {
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
  vm.assign(GPU, physical, vfio.groupOf(physical).id);
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
