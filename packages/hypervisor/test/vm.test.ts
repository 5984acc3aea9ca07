/** The end of a virtual machine, whatever it was doing. */
import { bdf, bellBars, bellRegisters, PAGE_BYTES, type0Header } from '@doorbell/abi';
import { Edu } from '@doorbell/device-model';
import { describe, expect, it } from 'vitest';
import { Host } from '../src/host.ts';
import { profiles } from '../src/profile.ts';
import { Vm } from '../src/vm.ts';
import { MediatedHost } from '../testing/mediated-guest.ts';

const PHYSICAL = bdf(0, 3, 0);
const GUEST = bdf(0, 2, 0);
const MIB = 1 << 20;
const display = { flip: () => undefined };
const { COMMAND } = type0Header.rows;

function hostWithEdu(): Host {
  const host = new Host({
    ...{ profile: profiles.get('free')!, iommu: 'strict', display, memoryBytes: 32 * MIB },
  });
  host.plug(PHYSICAL, (ports) => new Edu(ports));
  host.enumerate();
  host.vfio.setDriverOverride(PHYSICAL, 'vfio-pci');
  host.vfio.probe(PHYSICAL);
  return host;
}

const options = { name: 'guest', ramBytes: 8 * MIB, postedInterrupts: false } as const;

describe.each(['off', 'strict'] as const)('with an assigned function, viommu=%s', (viommu) => {
  it('takes its mappings and its pins with it, and the function can be given to the next', () => {
    const host = hostWithEdu();
    const free = host.pages.pagesUsed;
    const vm = new Vm(host, { ...options, viommu });
    vm.assign(GUEST, PHYSICAL, host.vfio.groupOf(PHYSICAL));
    vm.computer.parts.dmaFor(GUEST).map(0x10_0000, PAGE_BYTES, 'both');
    expect(vm.pins).toBeGreaterThan(0);
    expect(host.vfio.userOf(PHYSICAL)).toBe('guest');

    vm.end();
    expect(vm.pins).toBe(0);
    expect(host.vfio.userOf(PHYSICAL)).toBeUndefined();
    expect(host.iommu.translate(PHYSICAL, 0x10_0000, true)).toBe(-1);
    const command = host.bus.function(PHYSICAL).configRead(COMMAND.offset, COMMAND.width);
    expect(command & COMMAND.bits.BUS_MASTER.mask).toBe(0);
    expect(host.pages.pagesUsed).toBe(free);

    const next = new Vm(host, options);
    next.assign(GUEST, PHYSICAL, host.vfio.groupOf(PHYSICAL));
    expect(host.vfio.userOf(PHYSICAL)).toBe('guest');
  });
});

it('resets the device models that are part of its process', () => {
  const host = hostWithEdu();
  const vm = new Vm(host, options);
  const model = vm.emulate(
    GUEST,
    (ports) => new Edu(ports),
    (_bar, size) => [{ kind: 'trapped', offset: 0, size }],
    display,
  );
  vm.bus.assignBars();
  model.configWrite(COMMAND.offset, COMMAND.width, COMMAND.bits.BUS_MASTER.mask);
  vm.end();
  expect(model.configRead(COMMAND.offset, COMMAND.width)).toBe(0);
});

it('ends a mediated device: its channels are given back, and another guest can open it', () => {
  const { host, bell, parent, model } = new MediatedHost();
  const device = parent.create('bell-4', '83b8f4f2-509f-382f-3c1e-e6bfe0fa1001');
  const channels = bell.channelsFree;
  const vram = bell.vramPagesUsed;
  const vm = new Vm(host, { ...options, ramBytes: 2 * MIB });
  const mediate = (guest: Vm) =>
    guest.mediate(GUEST, device, { barRemap: true, shadow: 'lazy', display });
  mediate(vm);
  vm.bus.assignBars();
  expect(bell.channelsFree).toBeLessThan(channels);
  vm.end();
  expect(vm.pins).toBe(0);
  expect(bell.channelsFree).toBe(channels);
  expect(bell.vramPagesUsed).toBe(vram);
  mediate(new Vm(host, { ...options, ramBytes: 2 * MIB }));
  expect(model.barRead(bellBars.REGISTERS.index, bellRegisters.rows.ID.offset, 4)).toBe(
    bellRegisters.rows.ID.reset,
  );
});

it('ends once, however often it is told to', () => {
  const host = hostWithEdu();
  const vm = new Vm(host, options);
  vm.end();
  const next = host.pages.allocate(8 * MIB, 2 * MIB);
  vm.end();
  expect(host.pages.sizeOf(next)).toBe(8 * MIB);
});
