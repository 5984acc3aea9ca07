import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { AssignedDevice, type AssignedDeviceState } from '../src/assigned-device.ts';
import { Iommu } from '../src/iommu.ts';
import { Vfio } from '../src/vfio.ts';
import { FakeFunction, FakeInterrupts, GPU, rootBus } from './fake-function.ts';
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
    interrupts: () => host,
    buses: rootBus,
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
  container.setIommu('type1v2');
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

/** What the guest sees of the first 256 bytes. */
function configuration(): number[] {
  return Array.from({ length: 256 }, (_, at) => device.configRead(at, 1));
}

/** Puts what was saved into a device that was just assigned, of a function that is as this one is. */
function move(state: AssignedDeviceState): void {
  const { next } = host;
  const old = fn;
  fn = new FakeFunction();
  host = new FakeInterrupts();
  host.next = next;
  device = assign();
  fn.copy(old);
  device.load(state);
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

  it.each([
    [1, DEVICE_CONTROL + 1, 0x80],
    [2, DEVICE_CONTROL, 0x8000],
    [4, DEVICE_CONTROL, 0x8000],
  ] as const)(
    '6.6.2: resets the function, and what the guest sees of it, by a write of %i bytes',
    (width, at, value) => {
      const fresh = configuration();
      device.configWrite(0x04, 2, 0x0406);
      device.configWrite(0x10, 4, 0xc0000000);
      device.configWrite(0x3c, 1, 11);
      device.configWrite(DEVICE_CONTROL, 2, 0x5010);
      device.configWrite(MSIX_CONTROL, 2, ENABLE);
      program(0, 7, 0);
      program(0, 7, 1);
      interrupt(0);
      const before = fn.resets;
      device.configWrite(at, width, value);
      expect(fn.resets).toBe(before + 1);
      const seen = configuration();
      expect(seen[0x04]).toBe(0);
      expect(seen[0x05]).toBe(0);
      expect([0x10, 0x18, 0x1c, 0x20].map((bar) => device.configRead(bar, 4))).toEqual([
        0, 0x0000000c, 0, 0,
      ]);
      const bars = (byte: number): boolean => byte >= 0x10 && byte < 0x28;
      expect(seen.filter((_, byte) => !bars(byte))).toEqual(fresh.filter((_, byte) => !bars(byte)));
      expect(device.configRead(MSIX_CONTROL, 2)).toBe(3);
      expect([0, 4, 8, 12].map((word) => device.barRead(4, word, 4))).toEqual([0, 0, 0, 1]);
      expect(device.barRead(4, PENDING, 4)).toBe(0);
      expect(host.handlers.size).toBe(0);
      expect(fn.configRead(0x04, 2)).toBe(2);
      expect(fn.configRead(0x10, 4)).toBe(0xe0000000);
    },
  );

  it('6.6.2: keeps MAX_PAYLOAD over a reset', () => {
    device.configWrite(DEVICE_CONTROL, 2, 0x2830);
    device.configWrite(DEVICE_CONTROL + 1, 1, 0x80);
    expect(device.configRead(DEVICE_CONTROL, 2)).toBe(0x2830);
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

  it('gives the function what lies beside the MSI-X table, and nothing that touches it', () => {
    device.barWrite(4, 0x40, 4, 5);
    device.barWrite(4, PENDING - 4, 4, 6);
    expect([fn.barRead(4, 0x40), fn.barRead(4, PENDING - 4)]).toEqual([5, 6]);
    expect(device.barRead(4, 0x40, 4)).toBe(5);
    device.barWrite(4, 0x3e, 4, 7);
    device.barWrite(4, 8, 1, 7);
    device.barWrite(4, PENDING, 4, 7);
    expect([0x3e, 8, PENDING].map((at) => fn.barRead(4, at))).toEqual([0, 0, 0]);
    expect(device.barRead(4, 0x3e, 4)).toBe(0xffffffff);
    expect(device.barRead(4, 8, 1)).toBe(0xff);
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

  it('6.1.4.2: has read-only bits in vector control', () => {
    device.barWrite(4, 12, 4, 0xffffffff);
    expect(device.barRead(4, 12, 4)).toBe(1);
  });
});

describe('AssignedDevice: state', () => {
  it('loads what it saved into a device that was just assigned', () => {
    device.configWrite(0x04, 2, 0x0406);
    device.configWrite(0x10, 4, 0xc0000000);
    device.configWrite(0x3c, 1, 11);
    device.configWrite(DEVICE_CONTROL, 2, 0x5020);
    device.configWrite(MSIX_CONTROL, 2, ENABLE);
    program(0, 0x40, 0);
    move(device.save());
    expect(device.configRead(0x04, 2)).toBe(0x0406);
    expect(device.configRead(0x10, 4)).toBe(0xc0000000);
    expect(device.configRead(0x3c, 1)).toBe(11);
    expect(device.configRead(DEVICE_CONTROL, 2)).toBe(0x5020);
    interrupt(0);
    expect(injected).toEqual([[0xfee00000, 0x40]]);
  });

  it('keeps the interrupt of a vector that was masked after its first use', () => {
    device.configWrite(MSIX_CONTROL, 2, ENABLE);
    program(1, 0x41, 0);
    program(2, 0x42, 0);
    program(1, 0x41, 1);
    program(2, 0x42, 1);
    interrupt(2);
    move(device.save());
    interrupt(1);
    expect(injected).toEqual([]);
    expect(device.barRead(4, PENDING, 4)).toBe(6);
    device.barWrite(4, 16 + 12, 4, 0);
    device.barWrite(4, 2 * 16 + 12, 4, 0);
    expect(injected).toEqual([
      [0xfee00000, 0x41],
      [0xfee00000, 0x42],
    ]);
  });

  it('is the same after save and load, whatever the guest wrote, and goes on the same', () => {
    const config = fc.record({
      to: fc.constant('config' as const),
      at: fc.constantFrom(0x04, 0x10, 0x18, 0x1c, 0x3c, 0x4a, 0x4c, 0x54, MSIX_CONTROL, 0x6c),
      value: fc.nat(0xffff),
    });
    const table = fc.record({
      to: fc.constant('table' as const),
      at: fc.nat(15).map((word) => word * 4),
      value: fc.oneof(fc.nat(1), fc.nat(0xffffffff)),
    });
    const signal = fc.record({
      to: fc.constant('signal' as const),
      at: fc.nat(3),
      value: fc.constant(0),
    });
    const steps = fc.array(fc.oneof(config, table, signal), { maxLength: 30 });
    const run = (list: typeof steps extends fc.Arbitrary<infer S> ? S : never): void => {
      for (const { to, at, value } of list) {
        if (to === 'config') {
          device.configWrite(at, 2, value);
        } else if (to === 'table') {
          device.barWrite(4, at, 4, value);
        } else {
          host.fire(fn.msix(at)[2]);
        }
      }
    };
    const look = (): unknown => [device.save(), configuration(), injected];
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        fn = new FakeFunction();
        host = new FakeInterrupts();
        device = assign();
        // On from the reset values, so that most runs have interrupts.
        device.configWrite(MSIX_CONTROL, 2, ENABLE);
        run(before);
        const first = { fn, host, device };
        const state = device.save();
        move(state);
        expect(device.save()).toEqual(state);
        const second = { fn, host, device };
        const ends = [first, second].map((side) => {
          ({ fn, host, device } = side);
          injected = [];
          run(after);
          return look();
        });
        expect(ends[1]).toEqual(ends[0]);
      }),
    );
  });
});
