import { bdf } from '@doorbell/abi';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VfioError } from '../src/errno.ts';
import { Iommu, type Domain } from '../src/iommu.ts';
import {
  Vfio,
  type HostDriver,
  type VfioContainer,
  type VfioDevice,
  type VfioGroup,
  type VfioUser,
} from '../src/vfio.ts';
import { AUDIO, FakeFunction, FakeInterrupts, GPU, rootBus } from './fake-function.ts';
import { HostMemory } from './host-memory.ts';

const KIB4 = 0x1000;
const both = { read: true, write: true };
const PORT = bdf(0, 1, 0);
const NIC = bdf(2, 0, 0);

const drivers: readonly HostDriver[] = [
  {
    name: 'bell',
    kind: 'host',
    matches: (vendor, device) => vendor === 0x1234 && device === 0xbe11,
  },
  { name: 'snd_hda_intel', kind: 'host', matches: (_vendor, device) => device === 0x1d10 },
  { name: 'pcieport', kind: 'exempt', matches: (_vendor, device) => device === 0x000c },
  { name: 'vfio-pci', kind: 'vfio', matches: () => false },
];

class Setup {
  readonly memory = new HostMemory(0x40_0000);
  readonly iommu = new Iommu({
    memory: this.memory,
    pages: this.memory,
    trace: { event: () => 0 },
    costs: { iotlbHit: 0, walkLevel: 0 },
  });
  readonly interrupts = new FakeInterrupts();
  readonly gpu = new FakeFunction();
  readonly kernelDomain: Domain;
  readonly vfio: Vfio;
  readonly user: VfioUser = {
    name: 'qemu',
    lockLimit: 1000,
    lockedPages: 0,
    pin: (vaddr) => 0x10_0000 + vaddr,
    unpin: () => undefined,
  };

  /** A GPU with an audio function and the port above it in group 7; a network card in group 8. */
  constructor() {
    this.iommu.enabled = true;
    this.kernelDomain = this.iommu.createDomain();
    this.kernelDomain.table.map(0x5000, 0x9000, KIB4, both);
    this.vfio = new Vfio({
      iommu: this.iommu,
      interrupts: () => this.interrupts,
      buses: rootBus,
      drivers,
      defaultDomain: (at) => (at === PORT ? undefined : this.kernelDomain),
    });
    this.vfio.addGroup(7, [
      { bdf: PORT, endpoint: new FakeFunction(0x1b36, 0x000c) },
      { bdf: GPU, endpoint: this.gpu },
      { bdf: AUDIO, endpoint: new FakeFunction(0x1234, 0x1d10) },
    ]);
    this.vfio.addGroup(8, [{ bdf: NIC, endpoint: new FakeFunction(0x8086, 0x10d3) }]);
  }

  bindVfio(...functions: number[]): void {
    for (const at of functions) {
      this.vfio.setDriverOverride(at, 'vfio-pci');
      this.vfio.bind(at, 'vfio-pci');
    }
  }

  /** All the way to an open device, with a page mapped at 0x8000. */
  passThrough(): { container: VfioContainer; group: VfioGroup; device: VfioDevice } {
    this.bindVfio(GPU, AUDIO);
    const container = this.vfio.openContainer(this.user);
    const group = this.vfio.openGroup(7, this.user);
    group.setContainer(container);
    container.setIommu('type1v2');
    container.map(0, 0x8000, KIB4, both);
    return { container, group, device: group.device(GPU) };
  }

  reach(requester: number, iova: number): number {
    return this.iommu.translate(requester, iova, true);
  }
}

function errnoOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof VfioError ? error.errno : String(error);
  }
  return 'no error';
}

test('the legal path: bind, group, container, IOMMU, map, device', () => {
  const setup = new Setup();
  const { group, device } = setup.passThrough();
  expect(group.isViable).toBe(true);
  expect(group.state).toBe('in-use');
  expect(setup.reach(GPU, 0x8123)).toBe(0x10_0123);
  expect(device.regionInfo(0).size).toBe(0x1_0000);
});

test('a device that cannot be opened leaves no handle behind, and may be opened later', () => {
  const setup = new Setup();
  setup.bindVfio(GPU);
  const container = setup.vfio.openContainer(setup.user);
  const group = setup.vfio.openGroup(7, setup.user);
  group.setContainer(container);
  container.setIommu('type1v2');
  const { gpu } = setup;
  gpu.configWrite = () => {
    throw new RangeError('The function does not answer.');
  };
  expect(() => group.device(GPU)).toThrow('does not answer');
  expect(group.state).toBe('ready');
  expect(setup.vfio.list()[0].members[1].handles).toBe(0);
  gpu.configWrite = FakeFunction.prototype.configWrite.bind(gpu);
  expect(group.device(GPU).regionInfo(0).size).toBe(0x1_0000);
  expect(group.state).toBe('in-use');
});

test('every function of the group reaches what is mapped, and nothing of the kernel any more', () => {
  const setup = new Setup();
  expect(setup.reach(GPU, 0x5000)).toBe(0x9000);
  setup.passThrough();
  for (const at of [PORT, GPU, AUDIO]) {
    expect(setup.reach(at, 0x8000)).toBe(0x10_0000);
    expect(setup.reach(at, 0x5000)).toBe(-1);
  }
  expect(setup.reach(NIC, 0x5000)).toBe(0x9000);
});

test('between container and IOMMU a group reaches nothing at all', () => {
  const setup = new Setup();
  setup.bindVfio(GPU);
  setup.vfio.openGroup(7, setup.user).setContainer(setup.vfio.openContainer(setup.user));
  expect(setup.reach(GPU, 0x5000)).toBe(-1);
  expect(setup.reach(GPU, 0x8000)).toBe(-1);
});

// ---------------------------------------------------------------------------- drivers

test('a driver takes what it matches, or what driver_override names', () => {
  const { vfio } = new Setup();
  expect(errnoOf(() => vfio.bind(GPU, 'vfio-pci'))).toBe('ENODEV');
  expect(errnoOf(() => vfio.bind(GPU, 'snd_hda_intel'))).toBe('ENODEV');
  vfio.setDriverOverride(GPU, 'vfio-pci');
  expect(errnoOf(() => vfio.bind(GPU, 'bell'))).toBe('ENODEV');
  vfio.bind(GPU, 'vfio-pci');
  expect(errnoOf(() => vfio.bind(GPU, 'vfio-pci'))).toBe('EBUSY');
  vfio.unbind(GPU);
  vfio.setDriverOverride(GPU, undefined);
  vfio.bind(GPU, 'bell');
});

test('drivers and functions that are not there are refused', () => {
  const { vfio } = new Setup();
  expect(errnoOf(() => vfio.bind(GPU, 'nvidia'))).toBe('ENOENT');
  expect(errnoOf(() => vfio.bind(bdf(9, 0, 0), 'bell'))).toBe('ENODEV');
  expect(errnoOf(() => vfio.unbind(GPU))).toBe('ENODEV');
  expect(() => vfio.addGroup(9, [{ bdf: GPU, endpoint: new FakeFunction() }])).toThrow(RangeError);
  expect(vfio.list().map(({ id, members }) => [id, members.length])).toEqual([
    [7, 3],
    [8, 1],
  ]);
});

test('a function that comes later reaches what its group reaches, until it goes', () => {
  const setup = new Setup();
  const later = bdf(1, 0, 2);
  setup.vfio.addFunction(7, { bdf: later, endpoint: new FakeFunction() });
  expect(setup.reach(later, 0x5000)).toBe(0x9000);
  expect(() => setup.vfio.addFunction(7, { bdf: later, endpoint: setup.gpu })).toThrow(RangeError);
  setup.vfio.removeFunction(later);
  expect(setup.reach(later, 0x5000)).toBe(-1);
  setup.passThrough();
  setup.vfio.addFunction(7, { bdf: later, endpoint: new FakeFunction() });
  expect(setup.reach(later, 0x8000)).toBe(0x10_0000);
  expect(setup.reach(later, 0x5000)).toBe(-1);
});

test('a function that a user has open cannot go; the last one takes its group along', () => {
  const setup = new Setup();
  const { device } = setup.passThrough();
  expect(errnoOf(() => setup.vfio.removeFunction(GPU))).toBe('EBUSY');
  device.close();
  setup.vfio.removeFunction(GPU);
  expect(errnoOf(() => setup.vfio.groupOf(GPU))).toBe('ENODEV');
  expect(setup.vfio.groupOf(AUDIO)).toBe(7);
  setup.vfio.removeFunction(NIC);
  expect(setup.vfio.list().map(({ id }) => id)).toEqual([7]);
});

test('a driver whose probe does not take a function leaves it to the next', () => {
  const iommu = new Setup().iommu;
  const vfio = new Vfio({
    iommu,
    interrupts: () => new FakeInterrupts(),
    buses: rootBus,
    drivers: [
      {
        name: 'picky',
        kind: 'host',
        matches: (_vendor, _device, classCode) => classCode === 0,
        probes: () => false,
      },
      { name: 'any', kind: 'host', matches: () => true },
    ],
    defaultDomain: () => undefined,
  });
  vfio.addGroup(0, [{ bdf: bdf(3, 0, 0), endpoint: new FakeFunction() }]);
  expect(errnoOf(() => vfio.bind(bdf(3, 0, 0), 'picky'))).toBe('ENODEV');
  vfio.probe(bdf(3, 0, 0));
  expect(vfio.list()[0].members[0].driver?.name).toBe('any');
});

test('without an IOMMU vfio-pci does not bind', () => {
  const setup = new Setup();
  setup.iommu.enabled = false;
  setup.vfio.setDriverOverride(GPU, 'vfio-pci');
  expect(errnoOf(() => setup.vfio.bind(GPU, 'vfio-pci'))).toBe('EINVAL');
});

test('a group whose audio function is still with its host driver is not viable', () => {
  const setup = new Setup();
  setup.bindVfio(GPU);
  setup.vfio.bind(AUDIO, 'snd_hda_intel');
  const group = setup.vfio.openGroup(7, setup.user);
  const container = setup.vfio.openContainer(setup.user);
  expect(group.isViable).toBe(false);
  expect(errnoOf(() => group.setContainer(container))).toBe('EPERM');
  expect(() => group.setContainer(container)).toThrow(
    '01:00.1 is bound to the host driver snd_hda_intel',
  );
  expect(group.state).toBe('open');
  setup.vfio.unbind(AUDIO);
  group.setContainer(container);
  expect(group.state).toBe('contained');
});

test('bridges with their own driver, and functions with none, do not stand in the way', () => {
  const setup = new Setup();
  setup.vfio.bind(PORT, 'pcieport');
  setup.bindVfio(GPU);
  const group = setup.vfio.openGroup(7, setup.user);
  group.setContainer(setup.vfio.openContainer(setup.user));
  expect(group.isViable).toBe(true);
});

test('a host driver cannot have a function of a group that a user owns', () => {
  const setup = new Setup();
  setup.bindVfio(GPU);
  const group = setup.vfio.openGroup(7, setup.user);
  group.setContainer(setup.vfio.openContainer(setup.user));
  expect(errnoOf(() => setup.vfio.bind(AUDIO, 'snd_hda_intel'))).toBe('EBUSY');
  expect(() => setup.vfio.bind(AUDIO, 'snd_hda_intel')).toThrow(
    '01:00.1 cannot be bound to snd_hda_intel, because qemu owns group 7.',
  );
  setup.vfio.bind(PORT, 'pcieport');
  group.unsetContainer();
  setup.vfio.bind(AUDIO, 'snd_hda_intel');
});

// ---------------------------------------------------------------------------- illegal steps

test('a group without a VFIO driver has no file to open', () => {
  const setup = new Setup();
  expect(errnoOf(() => setup.vfio.openGroup(7, setup.user))).toBe('ENOENT');
  expect(errnoOf(() => setup.vfio.openGroup(99, setup.user))).toBe('ENOENT');
});

test('a group is opened once', () => {
  const setup = new Setup();
  setup.bindVfio(GPU);
  setup.vfio.openGroup(7, setup.user);
  expect(errnoOf(() => setup.vfio.openGroup(7, setup.user))).toBe('EBUSY');
  expect(() => setup.vfio.openGroup(7, setup.user)).toThrow('qemu');
});

test('each step before its time is refused, and does no harm', () => {
  const setup = new Setup();
  setup.bindVfio(GPU);
  const container = setup.vfio.openContainer(setup.user);
  const group = setup.vfio.openGroup(7, setup.user);
  expect(errnoOf(() => group.device(GPU))).toBe('EINVAL');
  expect(errnoOf(() => group.unsetContainer())).toBe('EINVAL');
  expect(errnoOf(() => container.setIommu('type1v2'))).toBe('EINVAL');
  group.setContainer(container);
  expect(errnoOf(() => group.setContainer(container))).toBe('EINVAL');
  expect(errnoOf(() => group.device(GPU))).toBe('EINVAL');
  expect(errnoOf(() => container.map(0, 0, KIB4, both))).toBe('EINVAL');
  container.setIommu('type1v2');
  expect(errnoOf(() => group.device(AUDIO))).toBe('ENODEV');
  expect(errnoOf(() => group.device(NIC))).toBe('ENODEV');
  group.device(GPU);
  expect(errnoOf(() => group.unsetContainer())).toBe('EBUSY');
  expect(errnoOf(() => setup.vfio.unbind(GPU))).toBe('EBUSY');
  expect(setup.gpu.resets).toBe(1);
});

test('a container that is closed takes no group', () => {
  const setup = new Setup();
  setup.bindVfio(GPU);
  const container = setup.vfio.openContainer(setup.user);
  const group = setup.vfio.openGroup(7, setup.user);
  container.close();
  expect(errnoOf(() => group.setContainer(container))).toBe('EBADF');
  expect(group.state).toBe('open');
  expect(setup.reach(GPU, 0x5000)).toBe(0x9000);
});

test('a handle that is closed is of no use', () => {
  const setup = new Setup();
  const { group, device, container } = setup.passThrough();
  device.close();
  group.close();
  expect(errnoOf(() => device.read(0, 0, 4))).toBe('EBADF');
  expect(errnoOf(() => device.write(0, 0, 4, 1))).toBe('EBADF');
  expect(errnoOf(() => device.reset())).toBe('EBADF');
  const data = { kind: 'none', count: 0 } as const;
  expect(errnoOf(() => device.setIrqs({ index: 2, start: 0, action: 'trigger', data }))).toBe(
    'EBADF',
  );
  expect(errnoOf(() => device.close())).toBe('EBADF');
  expect(errnoOf(() => group.setContainer(container))).toBe('EBADF');
  expect(errnoOf(() => group.device(GPU))).toBe('EBADF');
  expect(errnoOf(() => group.close())).toBe('EBADF');
});

// ---------------------------------------------------------------------------- two groups, closing

test('a second group joins a container that has its IOMMU, and shares the mappings', () => {
  const setup = new Setup();
  const { container, group, device } = setup.passThrough();
  setup.bindVfio(NIC);
  const second = setup.vfio.openGroup(8, setup.user);
  second.setContainer(container);
  expect(second.state).toBe('ready');
  expect(setup.reach(NIC, 0x8000)).toBe(0x10_0000);
  device.close();
  group.close();
  expect(setup.reach(GPU, 0x8000)).toBe(-1);
  expect(setup.reach(NIC, 0x8000)).toBe(0x10_0000);
  expect(setup.user.lockedPages).toBe(1);
  second.unsetContainer();
  expect(setup.user.lockedPages).toBe(0);
  expect(setup.reach(NIC, 0x8000)).toBe(-1);
  expect(setup.reach(NIC, 0x5000)).toBe(0x9000);
});

test.each([
  [['device', 'group', 'container']],
  [['device', 'container', 'group']],
  [['group', 'device', 'container']],
  [['group', 'container', 'device']],
  [['container', 'group', 'device']],
  [['container', 'device', 'group']],
] as const)('closing %j undoes everything', (order) => {
  const setup = new Setup();
  const pages = setup.memory.inUse;
  const handles = setup.passThrough();
  order.forEach((which, index) => {
    const last = Math.max(order.indexOf('device'), order.indexOf('group'));
    if (index <= last) {
      expect(setup.reach(GPU, 0x8000)).toBe(0x10_0000);
    }
    handles[which].close();
  });
  expect(setup.reach(GPU, 0x8000)).toBe(-1);
  expect(setup.reach(GPU, 0x5000)).toBe(0x9000);
  expect(setup.user.lockedPages).toBe(0);
  expect(setup.memory.inUse).toBe(pages);
  // Bus master is off, and the function was reset when it was taken and when it was given back.
  expect(setup.gpu.configRead(0x04, 2) & 4).toBe(0);
  expect(setup.gpu.resets).toBe(2);
  setup.vfio.unbind(GPU);
  setup.vfio.setDriverOverride(GPU, undefined);
  setup.vfio.bind(GPU, 'bell');
});

test('while a device outlives its group handle, the group cannot be opened again', () => {
  const setup = new Setup();
  const { group, device } = setup.passThrough();
  group.close();
  expect(errnoOf(() => setup.vfio.openGroup(7, setup.user))).toBe('EBUSY');
  device.write(0, 0x20, 4, 5);
  expect(device.read(0, 0x20, 4)).toBe(5);
  device.close();
  expect(setup.vfio.openGroup(7, setup.user).state).toBe('open');
});

test('a device may be opened twice: the last close gives it back', () => {
  const setup = new Setup();
  const { group, device } = setup.passThrough();
  expect(group.device(GPU)).toBe(device);
  expect(setup.gpu.resets).toBe(1);
  device.close();
  expect(group.state).toBe('in-use');
  expect(device.regionInfo(0).size).toBe(0x1_0000);
  device.close();
  expect(group.state).toBe('ready');
  expect(setup.gpu.resets).toBe(2);
});

test('a group that loses its last VFIO device leaves a handle that can only be closed', () => {
  const setup = new Setup();
  const { container, group, device } = setup.passThrough();
  device.close();
  setup.vfio.unbind(AUDIO);
  expect(group.state).toBe('ready');
  setup.vfio.unbind(GPU);
  expect(group.state).toBe('absent');
  expect(setup.user.lockedPages).toBe(0);
  expect(setup.reach(GPU, 0x5000)).toBe(0x9000);
  expect(errnoOf(() => group.setContainer(container))).toBe('ENODEV');
  expect(errnoOf(() => group.device(GPU))).toBe('ENODEV');
  setup.bindVfio(GPU);
  const again = setup.vfio.openGroup(7, setup.user);
  group.close();
  expect(errnoOf(() => group.close())).toBe('EBADF');
  again.setContainer(container);
  expect(again.state).toBe('contained');
});

// ---------------------------------------------------------------------------- any order of calls

test('whatever the order of calls, the group has one owner and nothing stays locked', () => {
  const names = [
    'bind host',
    'bind vfio',
    'unbind',
    'open container',
    'open group',
    'set container',
    'set IOMMU',
    'map',
    'unmap',
    'open device',
    'close device',
    'unset container',
    'close group',
    'close container',
  ] as const;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...names), { maxLength: 120 }), (calls) => {
      const setup = new Setup();
      const pages = setup.memory.inUse;
      const { vfio, user } = setup;
      let container: VfioContainer | undefined;
      let group: VfioGroup | undefined;
      let device: VfioDevice | undefined;
      const bind = (name: string): void => {
        vfio.setDriverOverride(GPU, name);
        vfio.bind(GPU, name);
      };
      const run: Record<(typeof names)[number], () => void> = {
        'bind host': () => bind('bell'),
        'bind vfio': () => bind('vfio-pci'),
        unbind: () => vfio.unbind(GPU),
        'open container': () => (container ??= vfio.openContainer(user)),
        'open group': () => (group = vfio.openGroup(7, user)),
        'set container': () => container && group?.setContainer(container),
        'set IOMMU': () => container?.setIommu('type1v2'),
        map: () => container?.map(0, 0x8000, KIB4, both),
        unmap: () => container?.unmap(0x8000, KIB4),
        'open device': () => (device = group?.device(GPU)),
        'close device': () => device?.close(),
        'unset container': () => group?.unsetContainer(),
        'close group': () => group?.close(),
        'close container': () => {
          container?.close();
          container = undefined;
        },
      };
      for (const call of calls) {
        expect(errnoOf(run[call])).toMatch(/^(no error|E[A-Z]+)$/);
        const [{ owner, members }] = vfio.list();
        const kernels = setup.reach(GPU, 0x5000) >= 0;
        const users = setup.reach(GPU, 0x8000) >= 0;
        expect(kernels).toBe(owner === undefined);
        expect(users && kernels).toBe(false);
        expect(users).toBe(users && user.lockedPages > 0);
        expect(owner !== undefined && members[1].driver?.kind === 'host').toBe(false);
      }
      while (errnoOf(() => device?.close()) === 'no error' && device !== undefined) {
        // Each handle once.
      }
      errnoOf(() => group?.close());
      expect(user.lockedPages).toBe(0);
      expect(setup.reach(GPU, 0x5000)).toBe(0x9000);
      expect(setup.memory.inUse).toBe(pages);
    }),
    { numRuns: 300 },
  );
});
