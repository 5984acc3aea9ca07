import { beforeEach, describe, expect, it } from 'vitest';
import { AssignedDevice } from '../src/assigned-device.ts';
import { Iommu } from '../src/iommu.ts';
import { Vfio } from '../src/vfio.ts';
import { FakeFunction, FakeInterrupts, GPU } from './fake-function.ts';
import { HostMemory } from './host-memory.ts';

/** Where the fake function has its MSI-X and PCIe capabilities, and its pending bits in BAR 4. */
const MSIX_CONTROL = 0x58 + 2;
const DEVICE_CONTROL = 0x64 + 8;
const PENDING = 0x2000;
const ENABLE = 0x8000;
const FUNCTION_MASK = 0x4000;

let fn: FakeFunction;
let host: FakeInterrupts;
let injected: [number, number][];
let decodes: number;
let device: AssignedDevice;

/** By the whole of VFIO's path: bind, group, container, device. */
function assign(): AssignedDevice {
  const memory = new HostMemory(1 << 20);
  const iommu = new Iommu({
    memory,
    pages: memory,
    trace: { event: () => 0 },
    costs: { iotlbHit: 0, walkLevel: 0 },
  });
  iommu.enabled = true;
  const vfio = new Vfio({
    iommu,
    interrupts: host,
    drivers: [{ name: 'vfio-pci', kind: 'vfio', matches: () => false }],
    defaultDomain: () => undefined,
  });
  vfio.addGroup(1, [{ bdf: GPU, endpoint: fn }]);
  vfio.setDriverOverride(GPU, 'vfio-pci');
  vfio.bind(GPU, 'vfio-pci');
  const user = {
    name: 'guest',
    lockLimit: 0,
    lockedPages: 0,
    pin: () => -1,
    unpin: () => undefined,
  };
  const container = vfio.openContainer(user);
  const group = vfio.openGroup(1, user);
  group.setContainer(container);
  container.setIommu('type1');
  return new AssignedDevice({
    vfio: group.device(GPU),
    physical: fn,
    inject: (address, data) => injected.push([address, data]),
    decodeChanged: () => decodes++,
  });
}

beforeEach(() => {
  fn = new FakeFunction();
  host = new FakeInterrupts();
  injected = [];
  decodes = 0;
  device = assign();
});

/** The guest programs a vector, masked or not. */
function program(vector: number, data: number, mask: 0 | 1): void {
  device.barWrite(4, vector * 16, 4, 0xfee00000);
  device.barWrite(4, vector * 16 + 4, 4, 0);
  device.barWrite(4, vector * 16 + 8, 4, data);
  device.barWrite(4, vector * 16 + 12, 4, mask);
}

/** The physical function sends the message that it was given for a vector. */
function interrupt(vector: number): void {
  const [, , data, control] = fn.msix(vector);
  expect(control).toBe(0);
  host.fire(data);
}

describe('AssignedDevice: configuration space', () => {
  it('keeps the BARs of the guest apart from those of the host', () => {
    device.configWrite(0x10, 4, 0xffffffff);
    expect(device.configRead(0x10, 4)).toBe(0xffff0000);
    device.configWrite(0x10, 4, 0xc0000000);
    expect(device.configRead(0x10, 4)).toBe(0xc0000000);
    expect(fn.configRead(0x10, 4)).toBe(0xe0000000);
  });

  it('keeps the memory bit: the device decodes, though the guest turned its BARs off', () => {
    expect(device.configRead(0x04, 2) & 2).toBe(0);
    device.configWrite(0x04, 2, 6);
    expect(device.configRead(0x04, 2) & 6).toBe(6);
    device.configWrite(0x04, 2, 0);
    expect(device.configRead(0x04, 2) & 6).toBe(0);
    expect(fn.configRead(0x04, 2) & 6).toBe(2);
    expect(decodes).toBeGreaterThanOrEqual(2);
  });

  it('resets the function, and what the guest sees of it, by a function-level reset', () => {
    device.configWrite(0x04, 2, 2);
    device.configWrite(0x10, 4, 0xc0000000);
    device.configWrite(MSIX_CONTROL, 2, ENABLE);
    program(0, 7, 0);
    const before = fn.resets;
    device.configWrite(DEVICE_CONTROL, 2, 0x8000);
    expect(fn.resets).toBe(before + 1);
    expect(device.configRead(0x04, 2) & 2).toBe(0);
    expect(device.configRead(0x10, 4)).toBe(0);
    expect(device.configRead(MSIX_CONTROL, 2)).toBe(3);
    expect(device.barRead(4, 12, 4)).toBe(1);
    expect(fn.configRead(0x10, 4)).toBe(0xe0000000);
  });
});

describe('AssignedDevice: BARs', () => {
  it('maps all of a BAR, but the pages of the MSI-X table and the pending bits', () => {
    expect(device.barParts(0, 0x10000)).toEqual([{ kind: 'mapped', offset: 0, size: 0x10000 }]);
    expect(device.barParts(4, 0x4000)).toEqual([
      { kind: 'trapped', offset: 0, size: 0x3000 },
      { kind: 'mapped', offset: 0x3000, size: 0x1000 },
    ]);
  });

  it('gives other accesses to the function', () => {
    device.barWrite(0, 0x20, 4, 99);
    expect(fn.barRead(0, 0x20)).toBe(99);
    expect(device.barRead(0, 0x20, 4)).toBe(99);
  });
});

describe('AssignedDevice: MSI-X', () => {
  it('never lets the guest program the physical table', () => {
    device.configWrite(MSIX_CONTROL, 2, ENABLE);
    program(1, 0x41, 0);
    expect(device.barRead(4, 16 + 8, 4)).toBe(0x41);
    const [low, , data] = fn.msix(1);
    expect([low, data]).not.toEqual([0xfee00000, 0x41]);
  });

  it("turns a physical interrupt into the guest's own message", () => {
    device.configWrite(MSIX_CONTROL, 2, ENABLE);
    program(1, 0x41, 0);
    interrupt(1);
    expect(injected).toEqual([[0xfee00000, 0x41]]);
  });

  it('holds a masked vector back and gives it once when it is unmasked', () => {
    device.configWrite(MSIX_CONTROL, 2, ENABLE);
    program(2, 0x42, 0);
    device.barWrite(4, 2 * 16 + 12, 4, 1);
    interrupt(2);
    interrupt(2);
    expect(injected).toEqual([]);
    expect(device.barRead(4, PENDING, 4)).toBe(4);
    device.barWrite(4, 2 * 16 + 12, 4, 0);
    expect(injected).toEqual([[0xfee00000, 0x42]]);
    expect(device.barRead(4, PENDING, 4)).toBe(0);
  });

  it('holds all back under the mask of the function', () => {
    device.configWrite(MSIX_CONTROL, 2, ENABLE);
    program(0, 0x40, 0);
    device.configWrite(MSIX_CONTROL, 2, ENABLE | FUNCTION_MASK);
    interrupt(0);
    expect(injected).toEqual([]);
    device.configWrite(MSIX_CONTROL, 2, ENABLE);
    expect(injected).toEqual([[0xfee00000, 0x40]]);
  });

  it('gives the vectors back when MSI-X is turned off', () => {
    device.configWrite(MSIX_CONTROL, 2, ENABLE);
    program(0, 0x40, 0);
    expect(host.handlers.size).toBe(1);
    device.configWrite(MSIX_CONTROL, 2, 0);
    expect(host.handlers.size).toBe(0);
  });

  it('loads what it saved into a device that was just assigned', () => {
    device.configWrite(0x04, 2, 2);
    device.configWrite(0x10, 4, 0xc0000000);
    device.configWrite(MSIX_CONTROL, 2, ENABLE);
    program(0, 0x40, 0);
    const state = device.save();
    fn = new FakeFunction();
    host = new FakeInterrupts();
    device = assign();
    device.load(state);
    expect(device.save()).toEqual(state);
    interrupt(0);
    expect(injected).toEqual([[0xfee00000, 0x40]]);
  });
});
