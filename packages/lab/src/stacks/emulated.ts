/** Full virtualization: bell is a device model in software, and every register access traps. */
import { bellBars } from '@doorbell/abi';
import { Bell } from '@doorbell/device-model';
import { Host, Vm, type BarPolicy } from '@doorbell/hypervisor';
import {
  bellDriver,
  engineRates,
  GPU,
  GUEST_BYTES,
  HOST_BYTES,
  type Stack,
  type StackParts,
} from './stack.ts';

export function emulated({ profile, options, display }: StackParts): Stack {
  // The host's IOMMU has nothing to translate: no physical device does this guest's work.
  const host = new Host({ profile, display, iommu: 'off', memoryBytes: HOST_BYTES });
  const vm = new Vm(host, { name: 'guest', ramBytes: GUEST_BYTES, postedInterrupts: false });
  const mapsVram = options.vram === 'map';
  const policy: BarPolicy = (bar, size) => {
    const kind = bar === bellBars.VRAM.index && mapsVram ? 'shared' : 'trapped';
    return [{ kind, offset: 0, size }];
  };
  const make = (ports: ConstructorParameters<typeof Bell>[0]): Bell =>
    new Bell(ports, engineRates(profile, 'software'));
  const bell = vm.emulate(GPU, make, policy, display);
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
