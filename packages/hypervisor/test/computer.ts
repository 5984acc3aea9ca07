/** A computer around one FakeEndpoint, whose BAR is mapped on bare metal or trapped in a guest. */
import { bdf, PAGE_BYTES, type PciDevice } from '@doorbell/abi';
import { PagedMemory } from '@doorbell/device-model';
import { AddressSpace } from '../src/address-space.ts';
import { Computer } from '../src/computer.ts';
import { directDma } from '../src/dma-api.ts';
import { InterruptController, type InterruptMode } from '../src/interrupt-controller.ts';
import { Machine } from '../src/machine.ts';
import { PageAllocator } from '../src/page-allocator.ts';
import { PciBus, type BarPart } from '../src/pci-bus.ts';
import { profiles } from '../src/profile.ts';
import { FakeEndpoint } from './fake-endpoint.ts';

export const AT = bdf(0, 2, 0);
export const RAM_BASE = 16 * PAGE_BYTES;
export const RAM_BYTES = 32 * PAGE_BYTES;

interface Setting {
  readonly kind?: BarPart['kind'];
  readonly mode?: InterruptMode;
}

export function computer({ kind = 'mapped', mode = 'native' }: Setting = {}) {
  const machine = new Machine(profiles.get('kvm-x86')!);
  const cpu = machine.newCpu();
  const space = new AddressSpace();
  space.add({ kind: 'ram', name: 'RAM', base: 0, size: RAM_BYTES, memoryOffset: RAM_BASE });
  const bus = new PciBus(space, machine.tracer);
  const endpoint = new FakeEndpoint();
  endpoint.decodeChanged = () => {
    bus.decodeChanged();
  };
  bus.plug(AT, endpoint, (_bar, size) => [{ kind, offset: 0, size }]);
  bus.assignBars();
  endpoint.configWrite(0x04, 2, 2);
  const interrupts = new InterruptController(machine, cpu, mode);
  const memory = new PagedMemory(64 * PAGE_BYTES);
  const line = interrupts.addLine(AT);
  const made = new Computer({
    machine,
    cpu,
    space,
    bus,
    interrupts,
    memory,
    pages: new PageAllocator(0, RAM_BYTES),
    virtual: kind === 'trapped',
    dmaFor: () => directDma,
  });
  const device: PciDevice = made.device(AT);
  return { machine, cpu, endpoint, interrupts, memory, computer: made, device, line };
}
