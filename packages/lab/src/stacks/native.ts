/** Bare metal: the host's own operating system drives bell. */
import { Bell } from '@doorbell/device-model';
import { Host, type IommuMode } from '@doorbell/hypervisor';
import { bellDriver, engineRates, GPU, HOST_BYTES, type Stack, type StackParts } from './stack.ts';

export function native({ profile, options, display }: StackParts): Stack {
  const host = new Host({
    profile,
    display,
    iommu: options.iommu as IommuMode,
    memoryBytes: HOST_BYTES,
  });
  const bell = host.plug(GPU, (ports) => new Bell(ports, engineRates(profile, 'engine')));
  host.bus.assignBars();
  return {
    host,
    vm: undefined,
    computer: host.computer,
    bdf: GPU,
    bell,
    busyNs: () => bell.counts.busyNs,
    probe: bellDriver(host.computer),
  };
}
