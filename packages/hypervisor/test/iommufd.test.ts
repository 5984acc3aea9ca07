import { beforeEach, expect, test } from 'vitest';
import type { DeviceFile } from '../src/device-file.ts';
import type { Iommufd } from '../src/iommufd.ts';
import { errnoOf, FakeBoard, KERNEL_IOVA, NIC, ROOT } from './fake-bus.ts';
import { AUDIO, GPU } from './fake-function.ts';
import { FakeProcess } from './fake-process.ts';

const both = { read: true, write: true };
const PAGE = 0x1000;

let board: FakeBoard;
let user: FakeProcess;
let iommufd: Iommufd;

beforeEach(() => {
  board = new FakeBoard([[GPU, AUDIO], [ROOT], [NIC]]);
  board.bindVfio(GPU, AUDIO, NIC);
  user = new FakeProcess();
  iommufd = board.vfio.openIommufd(user);
});

/** A device file that is bound. */
function bound(at: number, context = iommufd): DeviceFile {
  const file = board.vfio.openDeviceFile(at);
  file.bind(context);
  return file;
}

function expectRest(): void {
  expect([user.lockedPages, user.pins.size, board.memory.inUse]).toEqual([0, 0, board.pagesAtRest]);
  for (const at of [GPU, AUDIO, NIC]) {
    expect(board.reach(at, KERNEL_IOVA)).toBe(0x9000);
  }
}

test('the legal path: bind, IOAS, map, attach; and back in any order', () => {
  const file = board.vfio.openDeviceFile(GPU);
  expect(file.state).toBe('opened');
  expect(board.reach(GPU, KERNEL_IOVA)).toBe(0x9000);
  expect(file.bind(iommufd)).toBe(1);
  expect(board.reach(GPU, KERNEL_IOVA)).toBe(-1);
  const ioas = iommufd.ioasAlloc();
  expect(iommufd.ioasMap(ioas, 0, 2 * PAGE, both, 0x8000)).toBe(0x8000);
  expect(user.lockedPages).toBe(0);
  expect(file.attach(ioas)).toBe(3);
  expect([file.state, user.lockedPages, iommufd.pinnedPages]).toEqual(['attached', 2, 2]);
  expect(board.reach(GPU, 0x9123)).toBe(0x40c0_1123);
  expect(board.reach(AUDIO, 0x9123)).toBe(0x40c0_1123);
  expect(file.device().regionInfo(0).size).toBe(0x1_0000);
  iommufd.close();
  expect(board.reach(GPU, 0x8000)).toBe(0x40c0_0000);
  file.close();
  expect(file.state).toBe('closed');
  expectRest();
});

test('an IOVA is chosen above the first page, aligned as the memory allows', () => {
  const ioas = iommufd.ioasAlloc();
  expect(iommufd.ioasMap(ioas, 0x3000, PAGE, both)).toBe(0x1000);
  expect(iommufd.ioasMap(ioas, 0x40_0000, 0x40_0000, both)).toBe(0x40_0000);
  expect(iommufd.ioasMap(ioas, 0x3000, 2 * PAGE, both)).toBe(0x2000);
});

test('maps that are wrong are refused and change nothing', () => {
  const ioas = iommufd.ioasAlloc();
  bound(GPU).attach(ioas);
  iommufd.ioasMap(ioas, 0, PAGE, both, 0x8000);
  const map = (...given: [number, number, typeof both, number?]): string =>
    errnoOf(() => iommufd.ioasMap(ioas, ...given));
  const tables = board.memory.inUse;
  expect(map(0, PAGE, both, 0x8000)).toBe('EEXIST');
  expect(map(0, PAGE, { read: false, write: false }, 0)).toBe('EINVAL');
  expect(map(0x800, PAGE, both, 0)).toBe('EINVAL');
  expect(map(0, 0, both, 0)).toBe('EINVAL');
  expect(map(0, PAGE, both, 0x800)).toBe('EINVAL');
  expect(map(0, PAGE, both, 0xfee0_0000)).toBe('EINVAL');
  expect(map(0, PAGE, both, 2 ** 48)).toBe('EINVAL');
  expect(map(0xff_f000, 2 * PAGE, both, 0)).toBe('EFAULT');
  expect(map(0, 2 ** 52, both)).toBe('ENOSPC');
  expect(errnoOf(() => iommufd.ioasMap(99, 0, PAGE, both))).toBe('ENOENT');
  expect([user.lockedPages, user.pins.size, board.memory.inUse]).toEqual([1, 1, tables]);
});

test('whole areas are unmapped, any number at once; a part of one is not there', () => {
  const ioas = iommufd.ioasAlloc();
  iommufd.ioasMap(ioas, 0, 2 * PAGE, both, 0x8000);
  iommufd.ioasMap(ioas, 0, PAGE, both, 0xa000);
  expect(errnoOf(() => iommufd.ioasUnmap(ioas, 0x8000, PAGE))).toBe('ENOENT');
  expect(errnoOf(() => iommufd.ioasUnmap(ioas, 0, PAGE))).toBe('ENOENT');
  expect(errnoOf(() => iommufd.ioasUnmap(ioas, 0, 0))).toBe('EINVAL');
  expect(iommufd.ioasUnmap(ioas, 0x8000, 3 * PAGE)).toBe(3 * PAGE);
  expect(iommufd.ioasUnmapAll(ioas)).toBe(0);
  expect(errnoOf(() => iommufd.ioasUnmap(99, 0, PAGE))).toBe('ENOENT');
});

test('what may be mapped shrinks with what is attached', () => {
  const ioas = iommufd.ioasAlloc();
  expect(iommufd.iovaRanges(ioas)).toEqual([{ start: 0, end: 2 ** 52 - 1 }]);
  const file = bound(GPU);
  file.attach(ioas);
  expect(iommufd.iovaRanges(ioas)).toEqual([
    { start: 0, end: 0xfedf_ffff },
    { start: 0xfef0_0000, end: 2 ** 48 - 1 },
  ]);
  file.detach();
  expect(iommufd.iovaRanges(ioas)).toHaveLength(1);
});

test.each([
  ['where interrupts go', 0xfee0_0000],
  ['beyond the tables', 2 ** 48],
])('an IOAS with something mapped %s takes no device', (_what, iova) => {
  const ioas = iommufd.ioasAlloc();
  iommufd.ioasMap(ioas, 0, PAGE, both, 0);
  iommufd.ioasMap(ioas, 0, PAGE, both, iova);
  const file = bound(GPU);
  const tables = board.memory.inUse;
  expect(errnoOf(() => file.attach(ioas))).toBe('EADDRINUSE');
  expect([file.state, user.lockedPages, board.memory.inUse]).toEqual(['bound', 0, tables]);
});

test('attaching locks everything; a process that may not leaves the device where it was', () => {
  user = new FakeProcess(2);
  iommufd = board.vfio.openIommufd(user);
  const ioas = iommufd.ioasAlloc();
  iommufd.ioasMap(ioas, 0, 2 * PAGE, both, 0);
  iommufd.ioasMap(ioas, 0, PAGE, both, 2 * PAGE);
  const file = bound(GPU);
  expect(errnoOf(() => file.attach(ioas))).toBe('ENOMEM');
  expect([user.lockedPages, user.pins.size]).toEqual([0, 0]);
  expect(board.reach(GPU, 0)).toBe(-1);
  file.close();
  expectRest();
});

test('devices of a group share a page table; one attached elsewhere is refused, or takes all with it', () => {
  const [one, two] = [iommufd.ioasAlloc(), iommufd.ioasAlloc()];
  iommufd.ioasMap(one, 0, PAGE, both, 0x1000);
  iommufd.ioasMap(two, 0x1000, PAGE, both, 0x2000);
  const [gpu, audio] = [bound(GPU), bound(AUDIO)];
  const table = gpu.attach(one);
  expect(errnoOf(() => audio.attach(two))).toBe('EINVAL');
  expect(audio.attach(one)).toBe(table);
  audio.attach(two);
  expect([board.reach(GPU, 0x1000), board.reach(GPU, 0x2000)]).toEqual([-1, 0x40c0_1000]);
  expect(user.lockedPages).toBe(1);
  gpu.detach();
  expect(board.reach(GPU, 0x2000)).toBe(0x40c0_1000);
  audio.detach();
  audio.detach();
  expect(board.reach(GPU, 0x2000)).toBe(-1);
  expect(user.lockedPages).toBe(0);
});

test('a page is locked once for however many page tables', () => {
  const ioas = iommufd.ioasAlloc();
  iommufd.ioasMap(ioas, 0, PAGE, both, 0);
  const gpu = bound(GPU);
  const nic = bound(NIC);
  gpu.attach(ioas);
  const own = iommufd.hwptAlloc(2, ioas);
  nic.attach(own);
  iommufd.ioasMap(ioas, 0, PAGE, both, PAGE);
  expect(user.lockedPages).toBe(2);
  expect([board.reach(GPU, PAGE), board.reach(NIC, PAGE)]).toEqual([0x40c0_0000, 0x40c0_0000]);
  gpu.close();
  expect([user.lockedPages, board.reach(NIC, 0)]).toEqual([2, 0x40c0_0000]);
  nic.detach();
  expect(user.lockedPages).toBe(2);
  iommufd.destroy(own);
  expect(user.lockedPages).toBe(0);
});

test('what another needs is not destroyed, nor a device', () => {
  const ioas = iommufd.ioasAlloc();
  const file = bound(GPU);
  const table = file.attach(ioas);
  expect(errnoOf(() => iommufd.destroy(ioas))).toBe('EBUSY');
  expect(errnoOf(() => iommufd.destroy(table))).toBe('EBUSY');
  expect(errnoOf(() => iommufd.destroy(2))).toBe('EBUSY');
  expect(errnoOf(() => iommufd.destroy(99))).toBe('ENOENT');
  file.detach();
  expect(errnoOf(() => iommufd.destroy(table))).toBe('ENOENT');
  iommufd.destroy(ioas);
  expect(errnoOf(() => file.attach(ioas))).toBe('ENOENT');
  expect(errnoOf(() => file.attach(2))).toBe('EINVAL');
  expect(errnoOf(() => iommufd.hwptAlloc(99, ioas))).toBe('ENOENT');
  expect(errnoOf(() => iommufd.hwptAlloc(2, 99))).toBe('ENOENT');
});

test('a context that is closed is of no use to who holds it', () => {
  const file = board.vfio.openDeviceFile(GPU);
  const ioas = iommufd.ioasAlloc();
  iommufd.close();
  const calls = [
    () => iommufd.ioasAlloc(),
    () => iommufd.ioasMap(ioas, 0, PAGE, both),
    () => iommufd.ioasUnmap(ioas, 0, PAGE),
    () => iommufd.ioasUnmapAll(ioas),
    () => iommufd.iovaRanges(ioas),
    () => iommufd.hwptAlloc(1, ioas),
    () => {
      iommufd.destroy(ioas);
    },
    () => {
      iommufd.close();
    },
    () => file.bind(iommufd),
  ];
  expect(calls.map(errnoOf)).toEqual(calls.map(() => 'EBADF'));
});
