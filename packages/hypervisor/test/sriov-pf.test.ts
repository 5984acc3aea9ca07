import { bdf, type DeviceHost, type Display, formatBdf } from '@doorbell/abi';
import { Bell } from '@doorbell/device-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { VfioError } from '../src/errno.ts';
import { Host } from '../src/host.ts';
import { profiles } from '../src/profile.ts';
import { SriovPf } from '../src/sriov-pf.ts';
import { Vm } from '../src/vm.ts';

const PORT = bdf(0, 1, 0);
const PF = bdf(1, 0, 0);
const rates = {
  ...{ packet: 1, fillByte: 1, copyByte: 1, blitPixel: 1, vertex: 1, triangle: 1, pixel: 1 },
  tlbMiss: 1,
};
const dark: Display = { flip: () => undefined };
const MIB = 1 << 20;

let host: Host;
let bell: Bell;
let pf: SriovPf;

beforeEach(() => {
  const profile = profiles.get('free')!;
  host = new Host({ profile, display: dark, iommu: 'strict', memoryBytes: 32 * MIB });
  const port = host.addPort(PORT, 'ROOT_PORT', { acs: true });
  const make = (ports: DeviceHost): Bell =>
    new Bell(ports, rates, { vramBytes: 4 * MIB, sriov: true });
  bell = port.plug(bdf(0, 0, 0), make);
  host.enumerate();
  pf = new SriovPf(host, PF, bell, { display: () => dark });
});

/** The errno with which a call is refused. */
function errnoOf(call: () => void): string {
  try {
    call();
  } catch (error) {
    if (error instanceof VfioError) {
      expect(error.message).toMatch(/^[A-Z0-9].*\.$/);
      return error.errno;
    }
    throw error;
  }
  return 'none';
}

/** Gives VF `at` to a guest that is put together as for QEMU. */
function give(at: number): Vm {
  host.vfio.unbind(at);
  host.vfio.setDriverOverride(at, 'vfio-pci');
  host.vfio.probe(at);
  const vm = new Vm(host, { name: 'qemu', ramBytes: 8 * MIB, postedInterrupts: false });
  vm.assign(bdf(0, 2, 0), at, host.vfio.groupOf(at));
  vm.bus.assignBars();
  return vm;
}

describe('sriov_numvfs', () => {
  it('makes virtual functions with routing IDs behind the physical one, each in its own group', () => {
    pf.setNumVfs(3);
    expect(pf.virtualFunctions.map(formatBdf)).toEqual(['01:00.1', '01:00.2', '01:00.3']);
    const groups = host.vfio.list().map(({ members }) => members.map(({ bdf: at }) => at));
    expect(groups).toEqual([[PORT], [PF], ...pf.virtualFunctions.map((at) => [at])]);
    expect([pf.numVfs, pf.totalVfs, bell.configRead(0x130, 2)]).toEqual([3, 16, 3]);
  });

  it('has function numbers above 7 with ARI', () => {
    pf.setNumVfs(16);
    expect(pf.virtualFunctions.map(formatBdf).slice(6, 9)).toEqual([
      '01:00.7',
      '01:01.0',
      '01:01.1',
    ]);
  });

  it("binds the host's driver to them, unless sriov_drivers_autoprobe is 0", () => {
    pf.setNumVfs(1);
    const driver = (): string | undefined => host.vfio.driverOf(pf.virtualFunctions[0])?.name;
    expect(driver()).toBe('bell');
    pf.setNumVfs(0);
    pf.driversAutoprobe = false;
    pf.setNumVfs(1);
    expect(driver()).toBeUndefined();
  });

  it.each([
    [17, 'ERANGE'],
    [0xffff, 'ERANGE'],
    [-1, 'EINVAL'],
    [1.5, 'EINVAL'],
    [NaN, 'EINVAL'],
  ])('%s is refused with %s', (count, errno) => {
    expect(errnoOf(() => pf.setNumVfs(count))).toBe(errno);
    expect([pf.numVfs, host.bus.functions().length]).toEqual([0, 2]);
  });

  it('is changed only through 0, and the same number changes nothing', () => {
    pf.setNumVfs(2);
    pf.setNumVfs(2);
    expect(errnoOf(() => pf.setNumVfs(3))).toBe('EBUSY');
    expect(pf.numVfs).toBe(2);
    pf.setNumVfs(0);
    pf.setNumVfs(3);
    expect(pf.numVfs).toBe(3);
  });

  it('is refused with ENOENT while no host driver has the physical function', () => {
    host.vfio.unbind(PF);
    expect(errnoOf(() => pf.setNumVfs(1))).toBe('ENOENT');
    expect(errnoOf(() => pf.setQuota(1, { channels: 1, vramPages: 1, quantumUs: 1 }))).toBe(
      'ENOENT',
    );
    pf.setNumVfs(0);
  });

  it('does not take a virtual function from its user', () => {
    pf.setNumVfs(2);
    give(pf.virtualFunctions[1]);
    expect(() => pf.setNumVfs(0)).toThrow(/VF 01:00\.2 is used by qemu/);
    expect(errnoOf(() => pf.setNumVfs(0))).toBe('EBUSY');
    expect([pf.numVfs, bell.configRead(0x128, 2) & 1]).toEqual([2, 1]);
  });

  it('0 takes the functions off the bus, out of their groups and from the IOMMU', () => {
    pf.setNumVfs(2);
    const [first] = pf.virtualFunctions;
    const endpoint = host.bus.function(first);
    pf.setNumVfs(0);
    expect(host.bus.functions().map(([at]) => at)).toEqual([PORT, PF]);
    expect(host.vfio.list().map(({ id }) => id)).toEqual([0, 1]);
    expect(errnoOf(() => host.vfio.bind(first, 'bell'))).toBe('ENODEV');
    expect(host.iommu.translate(first, 0, false)).toBe(-1);
    expect(endpoint.configRead(0, 4)).toBe(0xffffffff);
  });

  it('0 cleans up what a reset of the physical function has left', () => {
    pf.setNumVfs(2);
    bell.configWrite(0x68, 2, 0x8000);
    expect(host.bus.function(pf.virtualFunctions[0]).configRead(0, 4)).toBe(0xffffffff);
    bell.configWrite(0x04, 2, 2);
    bell.barWrite(2, 3 * MIB, 4, 77);
    pf.setNumVfs(0);
    expect([host.bus.functions().length, bell.barRead(2, 3 * MIB, 4)]).toEqual([2, 77]);
  });

  it('may go up and down without end', () => {
    const free = host.iommu.createDomain();
    host.iommu.destroyDomain(free);
    for (let round = 0; round < 30; round++) {
      pf.setNumVfs(1 + (round % 16));
      pf.setNumVfs(0);
    }
    expect(host.vfio.list()).toHaveLength(2);
  });

  it('a function without SR-IOV has none', () => {
    const at = bdf(0, 3, 0);
    const other = host.hotAdd(at, (ports) => new Bell(ports, rates, { vramBytes: MIB }));
    expect(errnoOf(() => new SriovPf(host, at, other, { display: () => dark }))).toBe('EINVAL');
  });
});

describe('the BARs of virtual functions', () => {
  it('follow one another in the address space, each as large as the physical one', () => {
    pf.setNumVfs(3);
    const [one, two, three] = pf.virtualFunctions;
    for (const bar of [0, 1, 2, 4]) {
      const { address, size } = host.bus.barAddress(one, bar);
      expect(host.bus.barAddress(two, bar).address).toBe(address + size);
      expect(host.bus.barAddress(three, bar).address).toBe(address + 2 * size);
      expect(host.bus.barAddress(PF, bar).size).toBe(size);
    }
  });

  it('are decoded while VF MSE is set, and lead each to its own function', () => {
    pf.setNumVfs(2);
    const { mmio } = host.computer;
    const vram = pf.virtualFunctions.map((at) => host.bus.barAddress(at, 2).address);
    vram.forEach((address, index) => mmio.write(address, 4, index + 1));
    expect(vram.map((address) => mmio.read(address, 4))).toEqual([1, 2]);
    bell.configWrite(0x128, 2, bell.configRead(0x128, 2) & ~8);
    expect(vram.map((address) => mmio.read(address, 4))).toEqual([0xffffffff, 0xffffffff]);
  });

  it('end where the share of VRAM ends, for blocks too', () => {
    pf.setQuota(1, { channels: 1, vramPages: 2, quantumUs: 1 });
    pf.setNumVfs(1);
    const { address } = host.bus.barAddress(pf.virtualFunctions[0], 2);
    const { mmio } = host.computer;
    mmio.writeBlock(address + 0x1ffc, Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0));
    const read = new Uint8Array(8);
    mmio.readBlock(address + 0x1ffc, read);
    expect([...read]).toEqual([1, 0, 0, 0, 255, 255, 255, 255]);
  });
});

describe('quotas', () => {
  const quota = (index: number): number[] => {
    const { address } = host.bus.barAddress(pf.virtualFunctions[index - 1], 0);
    const { mmio } = host.computer;
    return [mmio.read(address + 8, 4) & 0xff, mmio.read(address + 0xc, 4)];
  };

  it('are equal shares, with one for the physical function', () => {
    pf.setNumVfs(3);
    expect([1, 2, 3].map(quota)).toEqual([
      [32, 256],
      [32, 256],
      [32, 256],
    ]);
    expect(bell.barRead(0, 0xc, 4)).toBe(256);
  });

  it('may be set for each, and stay set', () => {
    pf.setQuota(2, { channels: 5, vramPages: 77, quantumUs: 250 });
    pf.setNumVfs(2);
    expect([1, 2].map(quota)).toEqual([
      [42, 341],
      [5, 77],
    ]);
    expect(bell.barRead(0, 0x1028, 4)).toBe(250);
    expect(errnoOf(() => pf.setQuota(1, { channels: 1, vramPages: 1, quantumUs: 1 }))).toBe(
      'EBUSY',
    );
  });

  it.each([
    [0, 1, 1, 1],
    [17, 1, 1, 1],
    [1, 0, 1, 1],
    [1, 129, 1, 1],
    [1, 1, 0, 1],
    [1, 1, 1025, 1],
    [1, 1, 1, 0],
    [1, 1, 1, 2 ** 20],
    [1, 1.5, 1, 1],
  ])(
    'of VF %s with %s channels, %s pages, %s µs are refused',
    (index, channels, vramPages, quantumUs) => {
      expect(errnoOf(() => pf.setQuota(index, { channels, vramPages, quantumUs }))).toBe('EINVAL');
    },
  );

  it('that do not fit together refuse the number, and nothing has changed', () => {
    pf.setQuota(1, { channels: 100, vramPages: 10, quantumUs: 1 });
    pf.setQuota(2, { channels: 100, vramPages: 10, quantumUs: 1 });
    expect(errnoOf(() => pf.setNumVfs(2))).toBe('ENOSPC');
    expect([pf.numVfs, bell.configRead(0x128, 2) & 1, bell.barRead(0, 8, 4)]).toEqual([
      ...[0, 0, 0xffffffff],
    ]);
    pf.setNumVfs(1);
    expect(quota(1)).toEqual([100, 10]);
  });
});

describe("VFIO's view of a virtual function", () => {
  const GUEST = bdf(0, 2, 0);

  it('vfio_pci_config.c: has the ids that its own registers lack, BARs, and a memory bit', () => {
    pf.setNumVfs(2);
    const [, at] = pf.virtualFunctions;
    const { bus } = give(at);
    const view = bus.function(GUEST);
    const raw = host.bus.function(at);
    expect([view.configRead(0, 4), raw.configRead(0, 4)]).toEqual([0xbe111234, 0xffffffff]);
    expect(view.configRead(0x3d, 1)).toBe(0);
    view.configWrite(0x04, 2, 0x0402);
    expect([view.configRead(0x04, 2), raw.configRead(0x04, 2)]).toEqual([0x0402, 0]);
    const sizes = [0x10, 0x14, 0x18, 0x1c, 0x20, 0x24].map((offset) => {
      view.configWrite(offset, 4, 0xffffffff);
      return view.configRead(offset, 4);
    });
    expect(sizes).toEqual([0xffff0000, 0xfff80000, 0xffc0000c, 0xffffffff, 0xffffc000, 0]);
    expect(raw.configRead(0x10, 4)).toBe(0);
  });

  it('maps the BARs into the guest, wherever that puts them', () => {
    pf.setNumVfs(2);
    const vm = give(pf.virtualFunctions[1]);
    vm.bus.function(GUEST).configWrite(0x04, 2, 2);
    const { address } = vm.bus.barAddress(GUEST, 2);
    vm.computer.mmio.write(address, 4, 0x1234);
    const inHost = host.bus.barAddress(pf.virtualFunctions[1], 2).address;
    expect(host.computer.mmio.read(inHost, 4)).toBe(0x1234);
    expect(host.computer.mmio.read(host.bus.barAddress(PF, 2).address, 4)).toBe(0);
  });

  it("the guest's function-level reset is of its virtual function alone", () => {
    pf.setNumVfs(2);
    const [other, at] = pf.virtualFunctions;
    const { bus } = give(at);
    const { mmio } = host.computer;
    const [mine, its] = [at, other].map((one) => host.bus.barAddress(one, 2).address);
    mmio.write(mine, 4, 5);
    mmio.write(its, 4, 6);
    const view = bus.function(GUEST);
    view.configWrite(0x04, 2, 6);
    view.configWrite(0x68, 2, 0x8000);
    expect(view.configRead(0x04, 2) & 6).toBe(0);
    expect([mmio.read(mine, 4), mmio.read(its, 4)]).toEqual([0, 6]);
  });
});
