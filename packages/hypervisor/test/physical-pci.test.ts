import { type Bdf, bdf, type DeviceHost } from '@doorbell/abi';
import { Audio, Edu } from '@doorbell/device-model';
import { describe, expect, it } from 'vitest';
import type { Host } from '../src/host.ts';
import { newHost } from './hierarchy.ts';

const PORT = bdf(0, 1, 0);
const GPU = bdf(1, 0, 0);
const COMMAND = 0x04;
const MEMORY = 2;
const MASTER = 4;
const SECONDARY_BUS_RESET = 0x40;

/** An edu whose ports the test holds, too. */
class Held extends Edu {
  readonly ports: DeviceHost;

  constructor(ports: DeviceHost) {
    super(ports);
    this.ports = ports;
  }
}

function behindPort(acs = true): { host: Host; device: Held } {
  const host = newHost();
  const device = host.addPort(PORT, 'ROOT_PORT', { acs }).plug(0, (ports) => new Held(ports));
  host.enumerate();
  return { host, device };
}

function command(host: Host, at: Bdf, value: number): void {
  host.topology.endpoint(at).configWrite(COMMAND, 2, value);
}

/** What answers at an address, by name. */
function answers(host: Host, address: number): string | undefined {
  return host.computer.parts.space.find(address)?.name;
}

/** Whether something answers where firmware has put a function's first BAR. */
function reached(host: Host, at: Bdf): boolean {
  return answers(host, host.bus.barAddress(at, 0).address) !== undefined;
}

/** A page that a function may write, by its IOVA. */
function mapped(host: Host, at: Bdf): number {
  const page = host.computer.ram.allocate(4096);
  return host.computer.dma(at).map(page, 4096, 'both');
}

describe('a bridge on the way down', () => {
  it('lets accesses to its windows through while it decodes memory', () => {
    const { host } = behindPort();
    expect(reached(host, GPU)).toBe(false);
    command(host, GPU, MEMORY);
    expect(reached(host, GPU)).toBe(true);
    command(host, PORT, MASTER);
    expect(reached(host, GPU)).toBe(false);
    command(host, PORT, MEMORY);
    expect(reached(host, GPU)).toBe(true);
  });

  it('lets none through to a BAR that is outside of its windows', () => {
    const { host, device } = behindPort();
    command(host, GPU, MEMORY);
    const { address } = host.bus.barAddress(GPU, 0);
    device.configWrite(0x10, 4, address + 0x10_0000);
    expect(reached(host, GPU)).toBe(false);
    device.configWrite(0x10, 4, address);
    expect(reached(host, GPU)).toBe(true);
    host.topology.endpoint(PORT).configWrite(0x22, 2, 0);
    expect(reached(host, GPU)).toBe(false);
  });

  it('lets none through in D3hot', () => {
    const { host } = behindPort();
    command(host, GPU, MEMORY);
    host.topology.endpoint(PORT).configWrite(0x44, 2, 3);
    expect(reached(host, GPU)).toBe(false);
  });
});

describe('a bridge on the way up', () => {
  it('passes requests on while it is a bus master; else they are unsupported', () => {
    const { host, device } = behindPort();
    command(host, GPU, MASTER);
    const iova = mapped(host, GPU);
    const word = Uint8Array.of(1, 2, 3, 4);
    expect(device.ports.bus.write(iova, word)).toBe(true);
    command(host, PORT, MEMORY);
    const { faults } = host.iommu.counts;
    expect(device.ports.bus.write(iova, word)).toBe(false);
    expect(host.iommu.counts.faults).toBe(faults);
    command(host, PORT, MEMORY | MASTER);
    expect(device.ports.bus.write(iova, word)).toBe(true);
  });

  it('passes messages on while it is a bus master', () => {
    const { host, device } = behindPort();
    const before = host.machine.counts.interrupts;
    command(host, PORT, MEMORY);
    device.ports.message(0xfee00000, 32);
    expect(host.machine.counts.interrupts).toBe(before);
    command(host, PORT, MASTER);
    device.ports.message(0xfee00000, 32);
    expect(host.machine.counts.interrupts).toBe(before + 1);
  });
});

describe('a secondary bus reset', () => {
  it('resets all that is below, bridges too, and nothing beside', () => {
    const host = newHost();
    const root = host.addPort(PORT, 'ROOT_PORT');
    const upstream = root.addPort(0, 'UPSTREAM_PORT');
    upstream.addPort(0, 'DOWNSTREAM_PORT').plug(0, (ports) => new Audio(ports));
    host.plug(bdf(0, 2, 0), (ports) => new Audio(ports));
    host.enumerate();
    const read = (at: Bdf, offset: number): number =>
      host.topology.endpoint(at).configRead(offset, 4);
    const beside = read(bdf(0, 2, 0), 0x10);
    expect(read(bdf(3, 0, 0), 0x10)).not.toBe(0);
    root.bridge.configWrite(0x3e, 2, SECONDARY_BUS_RESET);
    expect(read(bdf(3, 0, 0), 0x10)).toBe(0);
    expect(read(bdf(1, 0, 0), 0x18)).toBe(0);
    expect(read(bdf(2, 0, 0), 0x04) & 0xffff).toBe(0);
    expect(read(PORT, 0x18)).toBe(0x030100);
    expect(read(bdf(0, 2, 0), 0x10)).toBe(beside);
  });
});

describe('conventional PCI', () => {
  it('asks with the ID of its bridge, which the group has a domain for', () => {
    const host = newHost();
    const bridge = host.addPort(PORT, 'ROOT_PORT', { acs: true }).addPort(0, 'PCI_BRIDGE');
    const one = bridge.plug(bdf(0, 3, 0), (ports) => new Held(ports));
    bridge.plug(bdf(0, 4, 0), (ports) => new Edu(ports));
    host.enumerate();
    const at = host.addressOf(one);
    expect(at).toBe(bdf(2, 3, 0));
    const iova = mapped(host, bdf(2, 4, 0));
    expect(one.ports.bus.write(iova, Uint8Array.of(1))).toBe(true);
    expect(one.ports.bus.write(iova + 4096, Uint8Array.of(1))).toBe(false);
    expect(host.iommu.faults().at(-1)?.requester).toBe(bdf(2, 0, 0));
  });
});

describe('a host', () => {
  it('binds its drivers: bridges to pcieport, but not one to conventional PCI', () => {
    const host = newHost();
    const root = host.addPort(PORT, 'ROOT_PORT', { acs: true });
    root.addPort(0, 'PCI_BRIDGE');
    host.plug(bdf(0, 2, 0), (ports) => new Audio(ports, { integrated: true }));
    host.enumerate();
    const drivers = host.vfio
      .list()
      .flatMap(({ members }) => members.map(({ name, driver }) => [name, driver?.name]));
    expect(drivers).toEqual([
      ['00:01.0', 'pcieport'],
      ['00:02.0', 'snd_hda_intel'],
      ['01:00.0', undefined],
    ]);
  });

  it('loads what it saved, windows and masters too', () => {
    const one = behindPort();
    command(one.host, GPU, MEMORY | MASTER);
    const iova = mapped(one.host, GPU);
    command(one.host, PORT, MASTER);
    const state = one.host.save();
    const other = behindPort();
    other.host.load(state);
    expect(reached(other.host, GPU)).toBe(false);
    expect(other.device.ports.bus.write(iova, Uint8Array.of(1))).toBe(true);
    command(other.host, PORT, MEMORY);
    expect(reached(other.host, GPU)).toBe(true);
    expect(other.device.ports.bus.write(iova, Uint8Array.of(1))).toBe(false);
  });
});

describe('a function that comes later', () => {
  const LATER = bdf(1, 0, 3);

  it('behind a port with ACS has a group of its own, with the lowest free number', () => {
    const { host } = behindPort();
    host.hotAdd(LATER, (ports) => new Audio(ports));
    expect(host.vfio.groupOf(LATER)).toBe(2);
    expect(host.topology.groups()).toEqual([[PORT], [GPU], [LATER]]);
    host.hotRemove(LATER);
    expect(host.vfio.list().map(({ id }) => id)).toEqual([0, 1]);
    expect(host.topology.functions()).toEqual([PORT, GPU]);
    host.hotAdd(LATER, (ports) => new Audio(ports));
    expect(host.vfio.groupOf(LATER)).toBe(2);
  });

  it('behind a port without ACS joins the group there, and shares its default domain', () => {
    const { host } = behindPort(false);
    const later = host.hotAdd(LATER, (ports) => new Held(ports));
    expect(host.vfio.groupOf(LATER)).toBe(0);
    const iova = mapped(host, GPU);
    expect(later.ports.bus.write(iova, Uint8Array.of(1))).toBe(true);
    host.hotRemove(LATER);
    expect(later.ports.bus.write(iova, Uint8Array.of(1))).toBe(false);
    expect(host.vfio.list().map(({ members }) => members.length)).toEqual([2]);
  });

  it('is left alone by drivers while a user owns its group', () => {
    const { host } = behindPort(false);
    host.vfio.setDriverOverride(GPU, 'vfio-pci');
    host.vfio.bind(GPU, 'vfio-pci');
    const user = {
      ...{ name: 'qemu', lockLimit: 1, lockedPages: 0 },
      ...{ pin: () => 0x1000, unpin: () => undefined },
    };
    const container = host.vfio.openContainer(user);
    host.vfio.openGroup(0, user).setContainer(container);
    container.setIommu('type1');
    container.map(0, 0x8000, 4096, { read: true, write: true });
    const later = host.hotAdd(LATER, (ports) => new Held(ports));
    expect(host.vfio.list()[0].members.map(({ driver }) => driver?.name)).toEqual([
      ...['pcieport', 'vfio-pci', undefined],
    ]);
    expect(later.ports.bus.write(0x8000, Uint8Array.of(1))).toBe(true);
  });

  it('answers where software puts its BARs, and no more once it is gone', () => {
    const { host } = behindPort();
    const later = host.hotAdd(LATER, (ports) => new Audio(ports));
    expect(host.bus.barAddress(LATER, 0)).toEqual({ address: 0, size: 0x4000 });
    const { size, address } = host.bus.barAddress(GPU, 0);
    later.configWrite(0x10, 4, address);
    later.configWrite(COMMAND, 2, MEMORY);
    expect(answers(host, address)).toBe('01:00.3 BAR0');
    expect(answers(host, address + size - 1)).toBeUndefined();
    host.hotRemove(LATER);
    expect(answers(host, address)).toBeUndefined();
  });

  it('may have any function number that alternative routing IDs give', () => {
    const { host } = behindPort();
    const far = bdf(1, 5, 2);
    host.hotAdd(far, (ports) => new Audio(ports));
    expect(host.topology.parentOf(far)).toBe(PORT);
    expect(host.vfio.groupOf(far)).toBe(2);
  });

  it('gives everything back, however often it comes and goes', () => {
    const { host } = behindPort();
    const once = (): void => {
      host.hotAdd(LATER, (ports) => new Audio(ports));
      host.hotRemove(LATER);
    };
    once();
    const { domains } = host.iommu.save();
    const { pages } = host.save() as { pages: unknown };
    once();
    once();
    expect(host.iommu.save().domains).toEqual(domains);
    expect((host.save() as { pages: unknown }).pages).toEqual(pages);
  });

  it('needs a bus that is there, a place that is free, and to be let go', () => {
    const { host } = behindPort();
    expect(() => host.hotAdd(bdf(7, 0, 0), (ports) => new Audio(ports))).toThrow('no bus 7');
    expect(() => host.hotAdd(GPU, (ports) => new Audio(ports))).toThrow(RangeError);
    expect(() => {
      host.hotRemove(PORT);
    }).toThrow('before what is behind it');
    expect(host.vfio.groupOf(PORT)).toBe(0);
    expect(() => {
      host.hotRemove(bdf(7, 0, 0));
    }).toThrow('No function is at 07:00.0.');
  });
});
