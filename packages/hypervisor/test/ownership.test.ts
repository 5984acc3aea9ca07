/**
 * Random operations on everything that VFIO offers, by three users and the host's administrator,
 * against a plain account of who was granted what.
 */
import type { Bdf } from '@doorbell/abi';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeviceFile } from '../src/device-file.ts';
import type { Iommufd } from '../src/iommufd.ts';
import { VfioProcess } from '../src/vfio-process.ts';
import type { VfioContainer, VfioDevice, VfioGroup } from '../src/vfio.ts';
import { errnoOf, FakeBoard, KERNEL_IOVA, NIC, NIC2, ROOT } from './fake-bus.ts';
import { AUDIO, GPU } from './fake-function.ts';
import { OwnershipModel, type Space } from './ownership-model.ts';

const RUNS = 100;
const OPERATIONS = 1000;
const PAGE = 0x1000;
const both = { read: true, write: true };
const groups = [[ROOT], [GPU, AUDIO], [NIC], [NIC2]];
const functions = groups.flat();
const hostDrivers = new Set(['bell', 'snd_hda_intel', 'e1000e']);
const iovas = [KERNEL_IOVA, 0x8000, 0x9000];
/** Where each user's memory begins; above the tables. */
const memoryOf = (user: number): number => 0x30_0000 + user * 0x4000;

interface User {
  readonly id: number;
  process: VfioProcess;
  container?: undefined | { readonly handle: VfioContainer; readonly space: Space };
  group?: undefined | { readonly handle: VfioGroup; readonly id: number };
  device?: undefined | { readonly handle: VfioDevice; readonly group: number };
  iommufd?: undefined | { readonly handle: Iommufd; readonly ioas: number; readonly space: Space };
  file?: undefined | { readonly handle: DeviceFile; readonly at: Bdf };
}

/** As `expect` would, which takes too long for some millions of them. */
function same<T>(actual: T, wanted: T, what: string): void {
  if (actual !== wanted) {
    throw new Error(`${what}: ${String(actual)} in place of ${String(wanted)}`);
  }
}

/** One machine, its users, and the account. */
class World {
  readonly board = new FakeBoard(groups);
  readonly model = new OwnershipModel(groups);
  readonly users: User[] = [0, 1, 2].map((id) => ({ id, process: this.newProcess(id) }));
  /** How many calls of each name were granted. */
  readonly granted = new Map<string, number>();

  run(name: OperationName, who: number, what: number): void {
    const user = this.users[who % this.users.length];
    const { errnos, call } = operations[name];
    const errno = errnoOf(() => {
      call(this, user, functions[what % functions.length], what);
    });
    if (errno === 'no error') {
      this.granted.set(name, (this.granted.get(name) ?? 0) + 1);
    } else {
      same((errnos as readonly string[]).includes(errno), true, `${name} answers ${errno}`);
    }
  }

  check(): void {
    const { model, users } = this;
    for (const group of model.groups) {
      const owners = model.owners(group).length;
      const held = group.functions.some((at) => hostDrivers.has(model.drivers.get(at) ?? ''));
      same(owners <= (held ? 0 : 1), true, 'a group has one owner at most, the kernel among them');
    }
    for (const at of functions) {
      for (const iova of iovas) {
        this.dma(at, iova);
      }
    }
    for (const { id, process } of users) {
      const locked = model.locked(id);
      same(process.lockedPages, locked, 'pages that are counted as locked');
      same(process.pins, locked, 'pages that are pinned');
    }
  }

  /** The function writes; the byte must land where its owner has mapped, or nowhere. */
  dma(at: Bdf, iova: number): void {
    const target = this.model.target(at, iova);
    const physical = this.board.reach(at, iova);
    if (target === undefined) {
      same(physical, -1, 'DMA that nobody has mapped');
    } else {
      const page = target === 'kernel' ? 0x9000 : memoryOf(target.user) + target.page;
      same(physical, page, 'DMA that is mapped');
      this.board.memory.bytes[physical] = 0xd0;
    }
  }

  /** Device and group are closed, in whatever order, when neither is open. */
  maybeLeave(id: number): void {
    const group = this.model.groups[id];
    if (!group.groupOpen && group.openDevices === 0) {
      this.model.leaveContainer(group);
    }
  }

  newProcess(id: number): VfioProcess {
    return new VfioProcess({
      name: `user ${id}`,
      base: memoryOf(id),
      bytes: 2 * PAGE,
      lockLimit: 3,
    });
  }
}

interface Operation {
  /** What Linux may answer. */
  readonly errnos: readonly string[];
  call(world: World, user: User, at: Bdf, what: number): void;
}

const drivers = ['bell', 'snd_hda_intel', 'e1000e', 'pci-stub', 'vfio-pci'] as const;

/** What takes a function by itself. */
const ownDrivers: ReadonlyMap<Bdf, string> = new Map([
  [GPU, 'bell'],
  [AUDIO, 'snd_hda_intel'],
  [NIC, 'e1000e'],
  [NIC2, 'e1000e'],
]);

function driverOf(world: World, at: Bdf): string | undefined {
  const members = world.board.vfio.list().flatMap((group) => group.members);
  return members.find(({ bdf }) => bdf === at)?.driver?.name;
}

/** The drivers as they are are the administrator's to see; that no group has two owners is checked. */
function noteDrivers(world: World): void {
  for (const at of functions) {
    const name = driverOf(world, at);
    if (name === undefined) {
      world.model.drivers.delete(at);
    } else {
      world.model.drivers.set(at, name);
    }
  }
}

function closeDevice(world: World, user: User): void {
  const { device } = user;
  if (device !== undefined) {
    user.device = undefined;
    user.process.close(device.handle);
    world.model.groups[device.group].openDevices--;
    world.maybeLeave(device.group);
  }
}

function closeGroup(world: World, user: User): void {
  const { group } = user;
  if (group !== undefined) {
    const isAlive = group.handle.state !== 'absent';
    user.group = undefined;
    user.process.close(group.handle);
    if (isAlive) {
      world.model.groups[group.id].groupOpen = false;
      world.maybeLeave(group.id);
    }
  }
}

function closeFile(world: World, user: User): void {
  const { file } = user;
  if (file !== undefined) {
    const isBound = file.handle.state !== 'opened';
    user.file = undefined;
    user.process.close(file.handle);
    if (isBound) {
      const group = world.model.groupOf(file.at);
      world.model.detach(group, file.at);
      group.bound.delete(file.at);
    }
  }
}

const operations = {
  override: {
    errnos: [],
    call: ({ board }, _user, at, what) => {
      board.vfio.setDriverOverride(
        at,
        [undefined, undefined, undefined, 'vfio-pci', 'pci-stub'][what % 5],
      );
    },
  },
  bind: {
    errnos: ['ENODEV', 'EBUSY', 'EINVAL'],
    call: (world, _user, at, what) => {
      const own = ownDrivers.get(at);
      if (what % 2 === 0 && own !== undefined) {
        world.board.vfio.setDriverOverride(at, undefined);
        world.board.vfio.bind(at, own);
      } else {
        world.board.vfio.bind(at, drivers[what % drivers.length]);
      }
      noteDrivers(world);
    },
  },
  'bind to vfio': {
    errnos: ['EBUSY'],
    call: (world, _user, at) => {
      world.board.bindVfio(at);
      noteDrivers(world);
    },
  },
  unbind: {
    errnos: ['ENODEV', 'EBUSY'],
    call: (world, _user, at) => {
      world.board.vfio.unbind(at);
      noteDrivers(world);
      const group = world.model.groupOf(at);
      if (!group.functions.some((each) => driverOf(world, each) === 'vfio-pci')) {
        group.groupOpen = false;
        world.model.leaveContainer(group);
      }
    },
  },
  probe: {
    errnos: [],
    call: (world, _user, at) => {
      world.board.vfio.probe(at);
      noteDrivers(world);
    },
  },
  new_id: {
    errnos: ['EEXIST'],
    call: (world, _user, _at, what) => {
      const device = [0xbe11, 0xbe12][what % 2];
      world.board.vfio.newId('vfio-pci', { vendor: 0x1234, device });
      noteDrivers(world);
    },
  },
  remove_id: {
    errnos: ['ENODEV'],
    call: ({ board }, _user, _at, what) => {
      board.vfio.removeId('vfio-pci', { vendor: 0x1234, device: [0xbe11, 0xbe12][what % 2] });
    },
  },
  'open container': {
    errnos: [],
    call: ({ board, model }, user) => {
      user.container ??= {
        handle: user.process.opened(board.vfio.openContainer(user.process)),
        space: model.space(user.id),
      };
    },
  },
  'open group': {
    errnos: ['ENOENT', 'EBUSY'],
    call: ({ board, model }, user, _at, what) => {
      if (user.group === undefined) {
        const id = what % groups.length;
        const handle = user.process.opened(board.vfio.openGroup(id, user.process));
        user.group = { handle, id };
        model.groups[id].groupOpen = true;
      }
    },
  },
  'set container': {
    errnos: ['EINVAL', 'EPERM', 'ENODEV', 'ENOMEM'],
    call: ({ model }, { group, container }) => {
      if (group !== undefined && container !== undefined) {
        group.handle.setContainer(container.handle);
        model.groups[group.id].container = container.space;
      }
    },
  },
  'unset container': {
    errnos: ['EINVAL', 'EBUSY', 'ENODEV'],
    call: ({ model }, { group }) => {
      group?.handle.unsetContainer();
      if (group !== undefined) {
        model.leaveContainer(model.groups[group.id]);
      }
    },
  },
  'set IOMMU': {
    errnos: ['EINVAL', 'ENODEV'],
    call: (_world, { container }, _at, what) => {
      if (container !== undefined) {
        container.handle.setIommu(['type1v2', 'type1', 'spapr'][what % 3]);
        container.space.isLive = true;
      }
    },
  },
  map: {
    errnos: ['EINVAL', 'EEXIST', 'EFAULT', 'ENOMEM'],
    call: (_world, { container }, _at, what) => {
      const vaddr = (what % 3) * PAGE;
      const iova = iovas[(what >> 2) % iovas.length];
      if (container !== undefined) {
        container.handle.map(vaddr, iova, PAGE, both);
        container.space.pages.set(iova, vaddr);
      }
    },
  },
  unmap: {
    errnos: ['EINVAL'],
    call: (_world, { container }, _at, what) => {
      const iova = iovas[what % iovas.length];
      container?.handle.unmap(iova, PAGE);
      container?.space.pages.delete(iova);
    },
  },
  'unmap all': {
    errnos: ['EINVAL'],
    call: (_world, { container }) => {
      container?.handle.unmapAll();
      container?.space.pages.clear();
    },
  },
  'open device': {
    errnos: ['EINVAL', 'ENODEV'],
    call: ({ model }, user, at) => {
      const { group, device } = user;
      if (group !== undefined && device === undefined) {
        user.device = {
          handle: user.process.opened(group.handle.device(at)),
          group: group.id,
        };
        model.groups[group.id].openDevices++;
      }
    },
  },
  reset: {
    errnos: [],
    call: (_world, { device }) => {
      device?.handle.reset();
    },
  },
  'hot reset': {
    errnos: ['EINVAL', 'ENODEV', 'EBADF'],
    call: (world, { device, group, id }, _at, what) => {
      const others = world.users.flatMap((user) => user.group ?? []);
      const shown = [...(group === undefined ? [] : [group]), ...(what % 2 === 0 ? others : [])];
      const before = world.board.busResets;
      device?.handle.hotReset([...new Set(shown)].map(({ handle }) => handle));
      if (world.board.busResets > before) {
        // What was reset is of groups whose files were shown.
        expect(shown.map((each) => each.id)).toContain(world.users[id].device?.group);
      }
    },
  },
  'hot reset by file': {
    errnos: ['EINVAL', 'ENODEV'],
    call: (world, { file, id }) => {
      if (file !== undefined && file.handle.state !== 'opened') {
        file.handle.device().hotReset([]);
        for (const at of world.board.affected(file.at)!) {
          expect(world.model.owners(world.model.groupOf(at))).toEqual([id]);
        }
      }
    },
  },
  'close device': { errnos: [], call: closeDevice },
  'close group': { errnos: [], call: closeGroup },
  'close container': {
    errnos: [],
    call: (_world, user) => {
      if (user.container !== undefined) {
        user.process.close(user.container.handle);
        user.container = undefined;
      }
    },
  },
  'open iommufd': {
    errnos: [],
    call: ({ board, model }, user) => {
      if (user.iommufd === undefined) {
        const handle = user.process.opened(board.vfio.openIommufd(user.process));
        user.iommufd = { handle, ioas: handle.ioasAlloc(), space: model.space(user.id) };
      }
    },
  },
  'open file': {
    errnos: ['ENOENT'],
    call: ({ board }, user, at) => {
      user.file ??= { handle: user.process.opened(board.vfio.openDeviceFile(at)), at };
    },
  },
  'bind iommufd': {
    errnos: ['EBUSY', 'EINVAL', 'EPERM'],
    call: ({ model }, { file, iommufd, id }) => {
      if (file !== undefined && iommufd !== undefined) {
        file.handle.bind(iommufd.handle);
        model.groupOf(file.at).bound.set(file.at, id);
      }
    },
  },
  attach: {
    errnos: ['EINVAL', 'ENOMEM', 'EFAULT', 'ENOENT'],
    call: ({ model }, { file, iommufd }) => {
      if (file !== undefined && iommufd !== undefined) {
        file.handle.attach(iommufd.ioas);
        const group = model.groupOf(file.at);
        group.attached.add(file.at);
        model.setTable(group, iommufd.space);
      }
    },
  },
  detach: {
    errnos: ['EINVAL'],
    call: ({ model }, { file }) => {
      file?.handle.detach();
      if (file !== undefined) {
        model.detach(model.groupOf(file.at), file.at);
      }
    },
  },
  'map IOAS': {
    errnos: ['EEXIST', 'EFAULT', 'ENOMEM'],
    call: (_world, { iommufd }, _at, what) => {
      const iova = iovas[what % iovas.length];
      const vaddr = ((what >> 2) % 3) * PAGE;
      if (iommufd !== undefined) {
        iommufd.handle.ioasMap(iommufd.ioas, vaddr, PAGE, both, iova);
        iommufd.space.pages.set(iova, vaddr);
      }
    },
  },
  'unmap IOAS': {
    errnos: ['ENOENT'],
    call: (_world, { iommufd }, _at, what) => {
      const iova = iovas[what % iovas.length];
      iommufd?.handle.ioasUnmap(iommufd.ioas, iova, PAGE);
      iommufd?.space.pages.delete(iova);
    },
  },
  'destroy IOAS': {
    errnos: ['EBUSY'],
    call: (_world, { iommufd }) => {
      if (iommufd !== undefined) {
        iommufd.handle.destroy(iommufd.ioas);
        iommufd.space.pages.clear();
        // The lowest free number: the same again.
        expect(iommufd.handle.ioasAlloc()).toBe(iommufd.ioas);
      }
    },
  },
  'close file': { errnos: [], call: closeFile },
  die: {
    errnos: [],
    call: (world, user, _at, what) => {
      if (what % 8 === 0) {
        die(world, user);
      }
    },
  },
} as const satisfies Record<string, Operation>;

type OperationName = keyof typeof operations;
const names = Object.keys(operations) as OperationName[];

/** All that the process has open is closed at once; what others hold stays. */
function die(world: World, user: User): void {
  const { model, users } = world;
  user.process.exit();
  expect([user.process.lockedPages, user.process.pins]).toEqual([0, 0]);
  const { group, device, file } = user;
  users[user.id] = { id: user.id, process: world.newProcess(user.id) };
  if (device !== undefined) {
    model.groups[device.group].openDevices--;
  }
  for (const id of [group?.id, device?.group]) {
    // A handle whose group went away meanwhile is of no group, whoever opened it anew.
    const isOthers = users.some(
      ({ group: held }) => held?.id === id && held !== undefined && held.handle.state !== 'absent',
    );
    if (id !== undefined && !isOthers) {
      model.groups[id].groupOpen = false;
      world.maybeLeave(id);
    }
  }
  if (file !== undefined) {
    const owned = model.groupOf(file.at);
    if (owned.bound.get(file.at) === user.id) {
      model.detach(owned, file.at);
      owned.bound.delete(file.at);
    }
  }
  model.spaces.forEach((space) => {
    if (space.user === user.id) {
      expect(space.isLive).toBe(false);
    }
  });
}

test('no two owners, nothing pinned after close, no DMA outside of a live mapping', () => {
  const granted = new Map<string, number>();
  const operation = fc.tuple(fc.constantFrom(...names), fc.nat(2), fc.nat(0xffff));
  const sequence = fc.array(operation, {
    minLength: OPERATIONS,
    maxLength: OPERATIONS,
    size: 'max',
  });
  fc.assert(
    fc.property(sequence, (calls) => {
      const world = new World();
      for (const [name, who, what] of calls) {
        world.run(name, who, what);
        world.check();
      }
      for (const user of [...world.users]) {
        die(world, user);
      }
      world.check();
      expect(world.board.memory.inUse).toBe(world.board.pagesAtRest);
      world.granted.forEach((times, name) => granted.set(name, (granted.get(name) ?? 0) + times));
    }),
    { numRuns: RUNS },
  );
  expect(RUNS * OPERATIONS).toBe(100_000);
  // Every operation was granted often enough to mean something.
  for (const name of names) {
    expect(granted.get(name) ?? 0, name).toBeGreaterThan(20);
  }
});
