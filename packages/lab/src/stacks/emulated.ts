/** Full virtualization: bell is a device model in software, and every register access traps. */
import { bellBars } from '@doorbell/abi';
import { Bell } from '@doorbell/device-model';
import { Vm, type BarPolicy } from '@doorbell/hypervisor';
import { engineRates } from './engine-rates.ts';
import { machineWithoutGpu } from './physical-machine.ts';
import { bellDriver, GUEST_BYTES, GUEST_GPU, type Stack, type StackParts } from './stack.ts';

export function emulated({ profile, options, display }: StackParts): Stack {
  // The host's IOMMU has nothing to translate: no physical device does this guest's work.
  const host = machineWithoutGpu({ profile, display, iommu: 'off' });
  const vm = new Vm(host, { name: 'guest', ramBytes: GUEST_BYTES, postedInterrupts: false });
  const mapsVram = options.vram === 'map';
  const policy: BarPolicy = (bar, size) => {
    const kind = bar === bellBars.VRAM.index && mapsVram ? 'shared' : 'trapped';
    return [{ kind, offset: 0, size }];
  };
  const make = (ports: ConstructorParameters<typeof Bell>[0]): Bell =>
    new Bell(ports, engineRates(profile, 'software'));
  const bell = vm.emulate(GUEST_GPU, make, policy, display);
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
