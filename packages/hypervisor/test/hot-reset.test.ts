import { beforeEach, expect, test } from 'vitest';
import type { VfioDevice, VfioGroup } from '../src/vfio.ts';
import { errnoOf, FakeBoard, NIC, ROOT } from './fake-bus.ts';
import { AUDIO, FakeFunction, GPU } from './fake-function.ts';
import { FakeProcess } from './fake-process.ts';

let board: FakeBoard;
let user: FakeProcess;

beforeEach(() => {
  board = new FakeBoard();
  user = new FakeProcess();
});

/** A group's file, with its only function open. */
function open(id: number, at: number): { group: VfioGroup; device: VfioDevice } {
  const container = board.vfio.openContainer(user);
  const group = board.vfio.openGroup(id, user);
  group.setContainer(container);
  container.setIommu('type1v2');
  return { group, device: group.device(at) };
}

test('who shows the groups of all that is on the bus resets it, and every device goes on', () => {
  board.bindVfio(GPU, AUDIO);
  const gpu = open(1, GPU);
  const audio = open(2, AUDIO);
  const resets: string[] = [];
  gpu.device.whenReset(() => resets.push('gpu'));
  audio.device.whenReset(() => resets.push('audio'));
  expect(gpu.device.hotResetInfo().functions).toEqual([
    { bdf: GPU, group: 1 },
    { bdf: AUDIO, group: 2 },
  ]);
  gpu.device.hotReset([audio.group, gpu.group]);
  expect([board.busResets, resets]).toEqual([1, ['gpu', 'audio']]);
  const function0 = board.functions.get(GPU)!;
  expect(function0.configRead(0x10, 4)).toBe(0xe000_0000);
  expect(function0.configRead(0x04, 2)).toBe(2);
});

test('one group of two is not enough, nor are more groups than functions, nor a closed file', () => {
  board.bindVfio(GPU, AUDIO, NIC);
  const { group, device } = open(1, GPU);
  const audio = board.vfio.openGroup(2, user);
  const nic = board.vfio.openGroup(3, user);
  expect(errnoOf(() => device.hotReset([group]))).toBe('EINVAL');
  expect(errnoOf(() => device.hotReset([]))).toBe('EINVAL');
  expect(errnoOf(() => device.hotReset([group, audio, nic]))).toBe('EINVAL');
  audio.close();
  expect(errnoOf(() => device.hotReset([group, audio]))).toBe('EBADF');
  expect(board.busResets).toBe(0);
});

test.each([
  ['a host driver', 'snd_hda_intel'],
  ['an exempt driver', 'pci-stub'],
  ['no driver', undefined],
])('a function that has %s cannot be reset under it', (_what, driver) => {
  board = new FakeBoard([[ROOT], [GPU], [AUDIO], [NIC]]);
  board.bindVfio(GPU);
  board.vfio.setDriverOverride(AUDIO, driver);
  if (driver !== undefined) {
    board.vfio.bind(AUDIO, driver);
  }
  const { group, device } = open(1, GPU);
  expect(errnoOf(() => device.hotReset([group]))).toBe('EINVAL');
  expect(board.busResets).toBe(0);
});

test('on the root bus there is no bus to reset', () => {
  board.bindVfio(ROOT);
  const { group, device } = open(0, ROOT);
  expect(errnoOf(() => device.hotResetInfo())).toBe('ENODEV');
  expect(errnoOf(() => device.hotReset([group]))).toBe('ENODEV');
});

test('a function in no group is told of by EPERM', () => {
  board = new FakeBoard([[ROOT], [GPU]]);
  board.bindVfio(GPU);
  const { device } = open(1, GPU);
  expect(errnoOf(() => device.hotResetInfo())).toBe('EPERM');
});

test('by its own file: an empty list, and one iommufd that has all of them', () => {
  board.bindVfio(GPU, AUDIO, NIC);
  const iommufd = board.vfio.openIommufd(user);
  const file = board.vfio.openDeviceFile(GPU);
  file.bind(iommufd);
  const device = file.device();
  expect(device.hotResetInfo().functions).toEqual([
    { bdf: GPU, group: 1, devId: 1 },
    { bdf: AUDIO, group: 2, devId: 'not-owned' },
  ]);
  expect(errnoOf(() => device.hotReset([]))).toBe('EINVAL');
  const nic = board.vfio.openGroup(3, user);
  expect(errnoOf(() => device.hotReset([nic]))).toBe('EINVAL');
  board.vfio.openDeviceFile(AUDIO).bind(iommufd);
  device.hotReset([]);
  expect(board.busResets).toBe(1);
});

test('a function that is not bound is owned with its group', () => {
  board = new FakeBoard([[GPU, AUDIO], [ROOT], [NIC]]);
  board.bindVfio(GPU, AUDIO);
  const iommufd = board.vfio.openIommufd(user);
  const file = board.vfio.openDeviceFile(GPU);
  file.bind(iommufd);
  expect(file.device().hotResetInfo().functions[1]).toMatchObject({ devId: 'owned' });
  file.device().hotReset([]);
  expect(board.busResets).toBe(1);
});

test('a device without a reset of its own is reset with its bus, once nobody uses any of it', () => {
  board.bindVfio(GPU, AUDIO);
  const function0 = board.functions.get(GPU)!;
  function0.configRead = (offset, width) =>
    offset === 0x68 ? 0 : FakeFunction.prototype.configRead.call(function0, offset, width);
  const audio = open(2, AUDIO);
  const gpu = open(1, GPU);
  gpu.device.close();
  expect(board.busResets).toBe(0);
  const again = gpu.group.device(GPU);
  audio.device.close();
  again.close();
  expect(board.busResets).toBe(1);
});
