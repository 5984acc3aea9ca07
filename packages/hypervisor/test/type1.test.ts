import { bdf } from '@doorbell/abi';
import { beforeEach, expect, test } from 'vitest';
import { VfioError } from '../src/errno.ts';
import { IommuGroup } from '../src/iommu-group.ts';
import { Iommu } from '../src/iommu.ts';
import { Type1 } from '../src/type1.ts';
import { FakeFunction, GPU } from './fake-function.ts';
import { FakeProcess } from './fake-process.ts';
import { HostMemory } from './host-memory.ts';

const both = { read: true, write: true };
const PAGE = 0x1000;
const NIC = bdf(2, 0, 0);

let user: FakeProcess;
let memory: HostMemory;
let iommu: Iommu;
let gpu: IommuGroup;
let nic: IommuGroup;

beforeEach(() => {
  user = new FakeProcess(100);
  memory = new HostMemory(0x40_0000);
  const costs = { iotlbHit: 0, walkLevel: 0 };
  iommu = new Iommu({ memory, pages: memory, trace: { event: () => 0 }, costs });
  iommu.enabled = true;
  const group = (id: number, at: number): IommuGroup =>
    new IommuGroup(id, [{ bdf: at, endpoint: new FakeFunction() }], iommu, () => undefined);
  gpu = group(1, GPU);
  nic = group(2, NIC);
});

function space(version: 1 | 2 = 2, entryLimit = 65535): Type1 {
  return new Type1(version, { user, iommu, charge: () => undefined, entryLimit });
}

function errnoOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof VfioError ? error.errno : String(error);
  }
  return 'no error';
}

/** Pages that are dirty in the first 8 of the IOVA space. */
function dirty(type1: Type1): number[] {
  const bitmap = new Uint8Array(1);
  type1.dirty.get(0, 8 * PAGE, bitmap);
  return [0, 1, 2, 3, 4, 5, 6, 7].filter((page) => (bitmap[0] & (1 << page)) !== 0);
}

const reach = (at: number, iova: number): number => iommu.translate(at, iova, true);

// ---------------------------------------------------------------------------- the two versions

test('version 1: a range that cuts into a mapping unmaps nothing, one that covers its start all of it', () => {
  const type1 = space(1);
  type1.attachGroup(gpu);
  type1.map(0, 0, 2 * PAGE, both);
  type1.map(0x4000, 2 * PAGE, 2 * PAGE, both);
  expect(type1.unmap(PAGE, 3 * PAGE)).toBe(0);
  expect(type1.unmap(0, 3 * PAGE)).toBe(4 * PAGE);
  expect(user.lockedPages).toBe(0);
});

test('version 1 pins no pages and tracks none', () => {
  const type1 = space(1);
  type1.attachEmulated();
  type1.map(0, 0, PAGE, both);
  type1.pins.onUnmap(() => undefined);
  expect(errnoOf(() => type1.pins.pin(0, both))).toBe('EACCES');
  expect(errnoOf(() => type1.dirty.start())).toBe('EACCES');
  expect(errnoOf(() => type1.dirty.stop())).toBe('EACCES');
  expect(errnoOf(() => dirty(type1))).toBe('EACCES');
});

test('what it tells of itself: page sizes, ranges around the interrupts, mappings that are left', () => {
  const type1 = space();
  type1.attachEmulated();
  expect(type1.info()).toMatchObject({ pageSizes: [4096], iovaRanges: [], dmaAvail: 65535 });
  type1.attachGroup(gpu);
  type1.map(0, 0, PAGE, both);
  expect(type1.info()).toEqual({
    pageSizes: [0x1000, 0x20_0000, 0x4000_0000],
    iovaRanges: [
      { start: 0, end: 0xfedf_ffff },
      { start: 0xfef0_0000, end: 2 ** 48 - 1 },
    ],
    dmaAvail: 65534,
    migration: { pageSize: 4096, maxBitmapBytes: 2 ** 28 },
  });
});

test('the limit of mappings counts those there are', () => {
  const type1 = space(2, 2);
  type1.attachGroup(gpu);
  type1.map(0, 0, PAGE, both);
  type1.map(0, PAGE, PAGE, both);
  expect(errnoOf(() => type1.map(0, 2 * PAGE, PAGE, both))).toBe('ENOSPC');
  type1.unmap(0, PAGE);
  type1.map(0, 2 * PAGE, PAGE, both);
  expect(type1.unmapAll()).toBe(2 * PAGE);
  expect(type1.info().dmaAvail).toBe(2);
});

// ---------------------------------------------------------------------------- mediated devices

test('with mediated groups alone, mapping locks nothing until a page is pinned', () => {
  const type1 = space();
  type1.attachEmulated();
  type1.pins.onUnmap(() => undefined);
  type1.map(0x2000, 0x10_0000, 16 * 1024 * PAGE, both);
  expect([user.lockedPages, user.pins.size, type1.pinnedPages]).toEqual([0, 0, 0]);
  expect(type1.pins.pin(0x10_1000, both)).toBe(0x40c0_3000);
  expect(type1.pins.pin(0x10_1000, both)).toBe(0x40c0_3000);
  expect([user.lockedPages, user.pins.size, type1.pinnedPages]).toEqual([1, 1, 1]);
  type1.pins.unpin(0x10_1000);
  expect(user.lockedPages).toBe(1);
  type1.pins.unpin(0x10_1000);
  expect([user.lockedPages, user.pins.size]).toEqual([0, 0]);
  expect(() => {
    type1.pins.unpin(0x10_1000);
  }).toThrow(RangeError);
});

test('what cannot be pinned is refused with the errno of vfio_pin_pages', () => {
  const type1 = space();
  type1.attachEmulated();
  type1.map(0xff_f000, 0, 2 * PAGE, { read: true, write: false });
  type1.map(0, 0x8000, 101 * PAGE, both);
  expect(errnoOf(() => type1.pins.pin(0, both))).toBe('EINVAL');
  type1.pins.onUnmap(() => undefined);
  expect(errnoOf(() => type1.pins.pin(0x4000, both))).toBe('EINVAL');
  expect(errnoOf(() => type1.pins.pin(0x800, both))).toBe('EINVAL');
  expect(errnoOf(() => type1.pins.pin(0, both))).toBe('EPERM');
  expect(errnoOf(() => type1.pins.pin(PAGE, { read: true, write: false }))).toBe('EFAULT');
  for (let page = 0; page < 100; page++) {
    type1.pins.pin(0x8000 + page * PAGE, both);
  }
  expect(errnoOf(() => type1.pins.pin(0x8000 + 100 * PAGE, both))).toBe('ENOMEM');
  expect([user.lockedPages, user.pins.size]).toEqual([100, 100]);
});

test('who pins is told of an unmap before it happens, and must let go', () => {
  const type1 = space();
  type1.attachEmulated();
  const told: [number, number][] = [];
  const stop = type1.pins.onUnmap((iova, bytes) => {
    told.push([iova, bytes]);
    type1.pins.unpin(0x3000);
  });
  type1.map(0, 0x2000, 2 * PAGE, both);
  type1.map(0, 0x4000, PAGE, both);
  type1.pins.pin(0x3000, both);
  expect(type1.unmap(0, 0x8000)).toBe(3 * PAGE);
  expect(told).toEqual([[0x2000, 2 * PAGE]]);
  stop();
  type1.map(0, 0x2000, PAGE, both);
  expect(errnoOf(() => type1.pins.pin(0x2000, both))).toBe('EINVAL');
});

test('a page that is left pinned over an unmap is a mistake of the driver', () => {
  const type1 = space();
  type1.attachEmulated();
  type1.pins.onUnmap(() => undefined);
  type1.map(0, 0, PAGE, both);
  type1.pins.pin(0, both);
  expect(() => type1.unmap(0, PAGE)).toThrow('still pinned');
});

test('a group behind the IOMMU has everything locked when it comes, each page counted once', () => {
  const type1 = space();
  type1.attachEmulated();
  type1.pins.onUnmap(() => undefined);
  type1.map(0, 0x4000, 4 * PAGE, both);
  type1.pins.pin(0x5000, both);
  type1.attachGroup(gpu);
  expect(user.lockedPages).toBe(4);
  expect(reach(GPU, 0x5123)).toBe(0x40c0_1123);
  type1.pins.pin(0x6000, both);
  expect(user.lockedPages).toBe(4);
  type1.detachGroup(gpu);
  expect(reach(GPU, 0x5123)).toBe(-1);
  expect([user.lockedPages, user.pins.size]).toEqual([2, 2]);
  type1.pins.unpin(0x5000);
  type1.pins.unpin(0x6000);
  type1.detachEmulated();
  expect([user.lockedPages, user.pins.size, type1.info().dmaAvail]).toEqual([0, 0, 65535]);
});

test.each([
  ['where interrupts go', 0, 0xfee0_0000, 1, 'EINVAL'],
  ['beyond 48 bits', 0, 2 ** 48, 1, 'EINVAL'],
  ['more than may be locked', 0, 0x1_0000, 101, 'ENOMEM'],
  ['memory that the process lacks', 0xff_f000, 0x1_0000, 2, 'EFAULT'],
])(
  'a group is refused while %s is mapped, and nothing changes',
  (_what, vaddr, iova, pages, errno) => {
    const type1 = space();
    type1.attachEmulated();
    type1.map(0, 0, PAGE, both);
    type1.map(vaddr, iova, pages * PAGE, both);
    const tables = memory.inUse;
    expect(errnoOf(() => type1.attachGroup(gpu))).toBe(errno);
    expect([user.lockedPages, user.pins.size, memory.inUse]).toEqual([0, 0, tables]);
    expect(reach(GPU, 0)).toBe(-1);
  },
);

// ---------------------------------------------------------------------------- dirty pages

test('a device that writes by itself makes every mapped page dirty, always', () => {
  const type1 = space();
  type1.attachGroup(gpu);
  type1.map(0, PAGE, 2 * PAGE, both);
  type1.dirty.start();
  type1.map(0, 4 * PAGE, PAGE, both);
  expect(dirty(type1)).toEqual([1, 2, 4]);
  expect(dirty(type1)).toEqual([1, 2, 4]);
});

test('of mediated devices those pages are dirty that are, or meanwhile were, pinned', () => {
  const type1 = space();
  type1.attachEmulated();
  type1.pins.onUnmap(() => undefined);
  type1.map(0, 0, 8 * PAGE, both);
  type1.pins.pin(PAGE, both);
  type1.dirty.start();
  type1.dirty.start();
  type1.pins.pin(2 * PAGE, both);
  type1.pins.unpin(2 * PAGE);
  expect(dirty(type1)).toEqual([1, 2]);
  expect(dirty(type1)).toEqual([1]);
  type1.dirty.stop();
  expect(errnoOf(() => dirty(type1))).toBe('EINVAL');
});

test('a group that leaves may have written everywhere', () => {
  const type1 = space();
  type1.attachEmulated();
  type1.pins.onUnmap(() => undefined);
  type1.map(0, 0, 2 * PAGE, both);
  type1.dirty.start();
  type1.attachGroup(gpu);
  type1.detachGroup(gpu);
  expect(dirty(type1)).toEqual([0, 1]);
  expect(dirty(type1)).toEqual([]);
});

test('an unmap can ask what of it was dirty; bitmaps must fit, and cut no mapping', () => {
  const type1 = space();
  type1.attachGroup(gpu);
  type1.attachGroup(nic);
  type1.map(0, 0, 2 * PAGE, both);
  expect(errnoOf(() => type1.unmap(0, 2 * PAGE, new Uint8Array(1)))).toBe('EINVAL');
  type1.dirty.start();
  expect(errnoOf(() => type1.dirty.get(0, 16 * PAGE, new Uint8Array(1)))).toBe('EINVAL');
  expect(errnoOf(() => type1.dirty.get(PAGE, PAGE, new Uint8Array(1)))).toBe('EINVAL');
  expect(errnoOf(() => type1.dirty.get(0, 0x800, new Uint8Array(1)))).toBe('EINVAL');
  const bitmap = Uint8Array.of(0x80);
  expect(type1.unmap(0, 2 * PAGE, bitmap)).toBe(2 * PAGE);
  expect(bitmap).toEqual(Uint8Array.of(0x83));
});

// ---------------------------------------------------------------------------- sizes of pages

test('enters contiguous memory in large pages, or with disable_hugepages in pages of 4 KiB', () => {
  const MIB2 = 0x20_0000;
  const parts = { user, iommu, charge: () => undefined, entryLimit: 65535 };
  const missesWith = (disableHugepages: boolean): number => {
    const type1 = new Type1(2, { ...parts, disableHugepages });
    type1.attachGroup(gpu);
    type1.map(0, 0, MIB2, both);
    const before = iommu.counts.iotlbMisses;
    for (let iova = 0; iova < MIB2; iova += PAGE) {
      expect(reach(GPU, iova)).toBe(0x4000_0000 + 0xc0_0000 + iova);
    }
    const misses = iommu.counts.iotlbMisses - before;
    expect(type1.unmap(0, MIB2)).toBe(MIB2);
    type1.detachGroup(gpu);
    return misses;
  };
  user = parts.user = new FakeProcess(1000);
  expect([missesWith(false), missesWith(true)]).toEqual([1, 512]);
  expect(user.lockedPages).toBe(0);
});

// ---------------------------------------------------------------------------- saved states

test('adopts what was mapped when a state was saved: locked and unmapped as if it had mapped it', () => {
  const type1 = space();
  type1.attachGroup(gpu);
  type1.map(0, 0, 2 * PAGE, both);
  const tables = memory.words.slice();
  type1.unmap(0, 2 * PAGE);
  type1.map(0x8000, 0x8000, PAGE, both);
  memory.words.set(tables);
  type1.adopt([{ iova: 0, bytes: 2 * PAGE, vaddr: 0, access: both }]);
  expect([user.lockedPages, user.pins.size, type1.pinnedPages]).toEqual([2, 2, 2]);
  expect(reach(GPU, PAGE)).toBe(0x40c0_1000);
  expect(type1.unmap(0, 2 * PAGE)).toBe(2 * PAGE);
  expect([user.lockedPages, user.pins.size, reach(GPU, PAGE)]).toEqual([0, 0, -1]);
});
