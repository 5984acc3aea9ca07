/**
 * A mediated device: the host keeps bell, and gives the guest a share of it that looks like a bell.
 * Control registers and doorbells trap; page tables are shadowed; commands are read before they run.
 */
import { HostBell, MdevParent, Vm, type IommuMode } from '@doorbell/hypervisor';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import { bellDriver, GUEST_BYTES, GUEST_GPU, type Stack, type StackParts } from './stack.ts';

/** Of the one mediated device. */
const UUID = '83b8f4f2-509f-382f-3c1e-e6bfe0fa1001';

export function mdev({ profile, options, display }: StackParts): Stack {
  // The part's own screen shows nothing: each guest has one of its own.
  const nobody = { flip: () => undefined };
  const iommu = options.iommu as IommuMode;
  const { host, bell } = physicalMachine({ profile, display: nobody, iommu });
  const parent = new MdevParent(new HostBell(host, HOST_GPU));
  const device = parent.create(options.type, UUID);
  const vm = new Vm(host, {
    name: 'guest',
    ramBytes: GUEST_BYTES,
    postedInterrupts: options['posted-interrupts'] === 'on',
  });
  vm.mediate(GUEST_GPU, device, {
    barRemap: options['bar-remap'] === 'on',
    shadow: options.shadow === 'strict' ? 'strict' : 'lazy',
    display,
  });
  vm.bus.assignBars();
  // Clearing VRAM was part of the setup.
  const before = { ...bell.counts.busyNs };
  return {
    host,
    vm,
    computer: vm.computer,
    bdf: GUEST_GPU,
    bell,
    busyNs: () => {
      const { copy, render, other } = bell.counts.busyNs;
      return {
        copy: copy - before.copy,
        render: render - before.render,
        other: other - before.other,
      };
    },
    probe: bellDriver(vm.computer, GUEST_GPU),
    keeper: parent,
  };
}
