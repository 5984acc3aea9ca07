import { expect, test } from 'vitest';
import { VfioError } from '../src/errno.ts';
import { IommuGroup, type HostDriver } from '../src/iommu-group.ts';
import { Iommu } from '../src/iommu.ts';
import { VfioContainer, type ContainedGroup } from '../src/vfio-container.ts';
import { FakeFunction, GPU } from './fake-function.ts';
import { FakeProcess } from './fake-process.ts';
import { HostMemory } from './host-memory.ts';

const both = { read: true, write: true };
const KIB4 = 0x1000;
const MIB2 = 0x20_0000;

interface Setup {
  readonly iommu: Iommu;
  readonly user: FakeProcess;
  readonly container: VfioContainer;
  readonly contained: ContainedGroup & { readonly group: IommuGroup };
  readonly memory: HostMemory;
  readonly charged: Record<string, number>;
  reach(iova: number, write?: boolean): number;
}

function setup(user = new FakeProcess(), memoryBytes = 0x40_0000, entryLimit = 65535): Setup {
  const memory = new HostMemory(memoryBytes);
  const costs = { iotlbHit: 0, walkLevel: 0 };
  const iommu = new Iommu({ memory, pages: memory, trace: { event: () => 0 }, costs });
  iommu.enabled = true;
  const group = new IommuGroup(
    7,
    [{ bdf: GPU, endpoint: new FakeFunction() }],
    iommu,
    () => undefined,
  );
  const contained = { group, iommuSet: (): void => undefined };
  const charged: Record<string, number> = {};
  const charge = (cost: string, times: number): void => {
    charged[cost] = (charged[cost] ?? 0) + times;
  };
  const container = new VfioContainer({ user, iommu, charge, entryLimit });
  const reach = (iova: number, write = false): number => iommu.translate(GPU, iova, write);
  return { iommu, user, container, contained, memory, charged, reach };
}

function ready(user?: FakeProcess, memoryBytes?: number): Setup {
  const made = setup(user, memoryBytes);
  made.container.addGroup(made.contained);
  made.container.setIommu('type1v2');
  return made;
}

function errnoOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof VfioError ? error.errno : String(error);
  }
  return 'no error';
}

test('only a group gives the privilege to set an IOMMU, once, of a kind that is there', () => {
  const { container, contained } = setup();
  expect(errnoOf(() => container.setIommu('type1v2'))).toBe('EINVAL');
  container.addGroup(contained);
  expect(errnoOf(() => container.setIommu('sPAPR'))).toBe('ENODEV');
  expect(errnoOf(() => container.map(0, 0, KIB4, both))).toBe('EINVAL');
  expect(errnoOf(() => container.unmap(0, KIB4))).toBe('EINVAL');
  container.setIommu('type1v2');
  expect(container.hasIommu).toBe(true);
  expect(errnoOf(() => container.setIommu('type1v2'))).toBe('EINVAL');
});

test('what is mapped is reached, with its access, and locked', () => {
  const { container, user, reach, charged } = ready();
  container.map(0, 0x10_0000, 2 * KIB4, { read: true, write: false });
  expect(reach(0x10_1234)).toBe(0x40c0_1234);
  expect(reach(0x10_1234, true)).toBe(-1);
  expect(user.lockedPages).toBe(2);
  expect(container.pinnedPages).toBe(2);
  expect(charged).toEqual({ 'vfio.mapPage': 2 });
});

test('each physically contiguous run is mapped in the largest pages', () => {
  const { iommu, container, reach } = ready();
  container.map(0, 0, 16 * MIB2 - 0x100_0000, both);
  expect(reach(0)).toBe(0x40c0_0000);
  expect(reach(MIB2 - 1)).toBe(0x40df_ffff);
  expect(iommu.counts).toMatchObject({ iotlbHits: 1, iotlbMisses: 1 });
  expect(reach(0x3f_ffff)).toBe(0x40ff_ffff);
  expect(reach(0x40_0000)).toBe(0x4080_0000);
});

test.each([
  ['a misaligned vaddr', 0x800, 0, KIB4, both, 'EINVAL'],
  ['a misaligned IOVA', 0, 0x800, KIB4, both, 'EINVAL'],
  ['a misaligned size', 0, 0, 0x800, both, 'EINVAL'],
  ['no size', 0, 0, 0, both, 'EINVAL'],
  ['no access', 0, 0, KIB4, { read: false, write: false }, 'EINVAL'],
  ['an IOVA beyond 48 bits', 0, 2 ** 48, KIB4, both, 'EINVAL'],
  ['the interrupt range', 0, 0xfee0_0000 - KIB4, 2 * KIB4, both, 'EINVAL'],
  ['the start of a mapping', 0, 0xf_f000, 2 * KIB4, both, 'EEXIST'],
  ['the end of a mapping', 0, 0x10_1000, KIB4, both, 'EEXIST'],
  ['memory that the process lacks', 0xff_f000, 0x20_0000, 2 * KIB4, both, 'EFAULT'],
])('mapping %s is refused and changes nothing', (_what, vaddr, iova, bytes, access, errno) => {
  const { container, user, memory } = ready();
  container.map(0, 0x10_0000, 2 * KIB4, both);
  const tables = memory.inUse;
  expect(errnoOf(() => container.map(vaddr, iova, bytes, access))).toBe(errno);
  expect([user.lockedPages, user.pins.size, container.pinnedPages]).toEqual([2, 2, 2]);
  expect(memory.inUse).toBe(tables);
});

test('a process cannot lock more than its limit, over all its containers', () => {
  const user = new FakeProcess(3);
  const one = ready(user);
  const two = ready(user);
  one.container.map(0, 0, 2 * KIB4, both);
  expect(errnoOf(() => two.container.map(0, 0, 2 * KIB4, both))).toBe('ENOMEM');
  expect(() => two.container.map(0, 0, 2 * KIB4, both)).toThrow('RLIMIT_MEMLOCK (12288) exceeded');
  two.container.map(0, 0, KIB4, both);
  expect(user.lockedPages).toBe(3);
  one.container.unmap(0, 2 * KIB4);
  two.container.map(0, 0x8000, 2 * KIB4, both);
});

test('a mapping that runs out of tables is undone, page by page', () => {
  // Room for the tables of the first run, which ends at 4 MiB, not for that of the second.
  const { container, user, memory, reach } = ready(new FakeProcess(), 0x16000);
  const before = memory.inUse;
  expect(() => container.map(0x3f_f000, 0x3f_f000, 2 * KIB4, both)).toThrow('The pool is empty.');
  expect([user.lockedPages, user.pins.size, container.pinnedPages]).toEqual([0, 0, 0]);
  expect(memory.inUse).toBe(before);
  expect(reach(0x3f_f000)).toBe(-1);
});

test('unmapping returns the bytes of all mappings in the range', () => {
  const { container, user, reach } = ready();
  container.map(0, 0x1000, KIB4, both);
  container.map(0x1000, 0x3000, 2 * KIB4, both);
  container.map(0x3000, 0x8000, KIB4, both);
  reach(0x3000);
  expect(container.unmap(0, 0x8000)).toBe(3 * KIB4);
  expect(reach(0x3000)).toBe(-1);
  expect(reach(0x8000)).toBe(0x40c0_3000);
  expect(container.unmap(0, 0x8000)).toBe(0);
  expect(user.lockedPages).toBe(1);
});

test.each([
  ['the start of one', 0, 0x2000],
  ['the end of one', 0x2000, 0x4000],
  ['the middle of one', 0x2000, 0x1000],
])('unmapping a range that cuts %s is refused', (_what, iova, bytes) => {
  const { container, reach } = ready();
  container.map(0, 0x1000, 3 * KIB4, both);
  expect(errnoOf(() => container.unmap(iova, bytes))).toBe('EINVAL');
  expect(reach(0x2000)).toBe(0x40c0_1000);
});

test('misaligned or empty ranges are not unmapped', () => {
  const { container } = ready();
  expect(errnoOf(() => container.unmap(0, 0))).toBe('EINVAL');
  expect(errnoOf(() => container.unmap(0x800, KIB4))).toBe('EINVAL');
  expect(errnoOf(() => container.unmap(0, 0x800))).toBe('EINVAL');
});

test('pages that two mappings share stay locked until both are gone', () => {
  const { container, user } = ready();
  container.map(0, 0x1000, KIB4, both);
  container.map(0, 0x2000, KIB4, both);
  expect(user.lockedPages).toBe(2);
  container.unmap(0x1000, KIB4);
  expect([...user.pins]).toEqual([[0x40c0_0000, 1]]);
});

test('the last group takes the IOMMU and everything locked with it', () => {
  const { container, contained, user, memory, reach } = ready();
  container.map(0, 0, MIB2, both);
  container.removeGroup(contained);
  expect(reach(0)).toBe(-1);
  expect([user.lockedPages, user.pins.size]).toEqual([0, 0]);
  expect(container.hasIommu).toBe(false);
  expect(memory.inUse).toBe(1);
  container.addGroup(contained);
  container.setIommu('type1v2');
  container.map(0, 0, MIB2, both);
  expect(reach(0)).toBe(0x40c0_0000);
});

test('a closed handle is of no use, while what it mapped lasts as long as its groups', () => {
  const { container, contained, reach, user } = ready();
  container.map(0, 0, KIB4, both);
  container.close();
  expect(errnoOf(() => container.map(0, KIB4, KIB4, both))).toBe('EBADF');
  expect(errnoOf(() => container.unmap(0, KIB4))).toBe('EBADF');
  expect(errnoOf(() => container.setIommu('type1v2'))).toBe('EBADF');
  expect(errnoOf(() => container.addGroup(contained))).toBe('EBADF');
  expect(errnoOf(() => container.close())).toBe('EBADF');
  expect(reach(0)).toBe(0x40c0_0000);
  container.removeGroup(contained);
  expect(reach(0)).toBe(-1);
  expect(user.lockedPages).toBe(0);
});

test('a group that a host driver uses is not viable, and the device that holds it is named', () => {
  const { container, contained } = setup();
  const nouveau: HostDriver = { name: 'nouveau', kind: 'host', matches: () => true };
  contained.group.members[0].driver = nouveau;
  expect(errnoOf(() => container.addGroup(contained))).toBe('EPERM');
  expect(() => container.addGroup(contained)).toThrow(
    'Group 7 is not viable, because 01:00.0 is bound to the host driver nouveau: ' +
      'please ensure all devices within the iommu_group are bound to their vfio bus driver.',
  );
});

test('it tells its version and what it can, before it has anything', () => {
  const { container } = setup();
  expect(container.apiVersion()).toBe(0);
  const numbers = [1, 2, 3, 4, 6, 8, 9, 10, 99];
  expect(numbers.filter((number) => container.checkExtension(number))).toEqual([1, 3, 4, 9]);
});
