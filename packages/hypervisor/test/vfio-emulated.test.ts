import { beforeEach, expect, test } from 'vitest';
import { VfioError } from '../src/errno.ts';
import { Iommu } from '../src/iommu.ts';
import { Vfio, type EmulatedDevice, type VfioContainer } from '../src/vfio.ts';
import { FakeInterrupts, rootBus } from './fake-function.ts';
import { FakeProcess } from './fake-process.ts';
import { HostMemory } from './host-memory.ts';

const both = { read: true, write: true };
const UUID = '83b8f4f2-509f-382f-3c1e-e6bfe0fa1001';

let vfio: Vfio;
let user: FakeProcess;
let calls: string[];
let device: EmulatedDevice;

beforeEach(() => {
  const memory = new HostMemory(0x40_0000);
  const costs = { iotlbHit: 0, walkLevel: 0 };
  const iommu = new Iommu({ memory, pages: memory, trace: { event: () => 0 }, costs });
  iommu.enabled = true;
  vfio = new Vfio({
    iommu,
    interrupts: () => new FakeInterrupts(),
    buses: rootBus,
    drivers: [],
    defaultDomain: () => undefined,
  });
  user = new FakeProcess();
  calls = [];
  let open: VfioContainer | undefined;
  device = {
    name: UUID,
    mediated: { parent: 0x100, type: 'bell-1' },
    open: (container) => {
      open = container;
      container.onUnmap((iova) => {
        calls.push(`unmap ${iova}`);
        container.unpinPage(iova);
      });
      container.pinPage(0);
      calls.push('open');
    },
    close: () => {
      calls.push('close');
      if (open?.pinnedPages === 1) {
        open.unpinPage(0);
      }
    },
  };
});

function errnoOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof VfioError ? error.errno : String(error);
  }
  return 'no error';
}

test('it is opened like any device, and pins what it needs through the container', () => {
  const id = vfio.addEmulated(device);
  const container = vfio.openContainer(user);
  const group = vfio.openGroup(id, user);
  expect(group.isViable).toBe(true);
  expect(errnoOf(() => group.emulatedDevice(UUID))).toBe('EINVAL');
  group.setContainer(container);
  container.setIommu('type1v2');
  container.map(0, 0, 0x4000, both);
  expect(errnoOf(() => group.emulatedDevice('another'))).toBe('ENODEV');
  const handle = group.emulatedDevice(UUID);
  const second = group.emulatedDevice(UUID);
  expect(group.state).toBe('in-use');
  expect([user.lockedPages, calls]).toEqual([1, ['open']]);
  expect(errnoOf(() => vfio.removeEmulated(id))).toBe('EBUSY');
  handle.close();
  group.close();
  second.close();
  expect(errnoOf(() => second.close())).toBe('EBADF');
  expect([user.lockedPages, calls]).toEqual([0, ['open', 'close']]);
  vfio.removeEmulated(id);
  expect(errnoOf(() => vfio.openGroup(id, user))).toBe('ENOENT');
});

test('an unmap takes from it what it has pinned', () => {
  const id = vfio.addEmulated(device);
  const container = vfio.openContainer(user);
  const group = vfio.openGroup(id, user);
  group.setContainer(container);
  container.setIommu('type1v2');
  container.map(0, 0, 0x4000, both);
  const handle = group.emulatedDevice(UUID);
  container.unmap(0, 0x4000);
  expect([user.lockedPages, calls]).toEqual([0, ['open', 'unmap 0']]);
  handle.close();
  group.unsetContainer();
});

test('groups are numbered from the lowest that is free; a group of functions is none of these', () => {
  expect(vfio.addEmulated(device)).toBe(0);
  expect(vfio.addEmulated({ ...device, name: 'two' })).toBe(1);
  vfio.removeEmulated(0);
  expect(vfio.addEmulated({ ...device, name: 'three' })).toBe(0);
  vfio.addGroup(2, []);
  expect(errnoOf(() => vfio.removeEmulated(2))).toBe('ENOENT');
  expect(vfio.list().map(({ id }) => id)).toEqual([2]);
});
