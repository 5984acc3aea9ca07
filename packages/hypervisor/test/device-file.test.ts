import { beforeEach, expect, test } from 'vitest';
import { errnoOf, FakeBoard, NIC, ROOT } from './fake-bus.ts';
import { AUDIO, GPU } from './fake-function.ts';
import { FakeProcess } from './fake-process.ts';

let board: FakeBoard;
let user: FakeProcess;

beforeEach(() => {
  board = new FakeBoard([[GPU, AUDIO], [ROOT], [NIC]]);
  board.bindVfio(GPU);
  user = new FakeProcess();
});

test('a function without a VFIO driver has no file', () => {
  expect(errnoOf(() => board.vfio.openDeviceFile(AUDIO))).toBe('ENOENT');
  expect(errnoOf(() => board.vfio.openDeviceFile(0x900))).toBe('ENODEV');
});

test('until it is bound it allows nothing else; bound it is once', () => {
  const iommufd = board.vfio.openIommufd(user);
  const file = board.vfio.openDeviceFile(GPU);
  const second = board.vfio.openDeviceFile(GPU);
  expect(errnoOf(() => file.device())).toBe('EINVAL');
  expect(errnoOf(() => file.attach(1))).toBe('EINVAL');
  expect(errnoOf(() => file.detach())).toBe('EINVAL');
  file.bind(iommufd);
  expect(errnoOf(() => file.bind(iommufd))).toBe('EINVAL');
  expect(errnoOf(() => second.bind(iommufd))).toBe('EINVAL');
  file.close();
  expect(errnoOf(() => file.device())).toBe('EBADF');
  expect(errnoOf(() => file.close())).toBe('EBADF');
  second.bind(iommufd);
});

test("the group's file and the devices' own exclude each other", () => {
  const iommufd = board.vfio.openIommufd(user);
  const file = board.vfio.openDeviceFile(GPU);
  const group = board.vfio.openGroup(0, user);
  expect(errnoOf(() => file.bind(iommufd))).toBe('EBUSY');
  group.close();
  file.bind(iommufd);
  expect(errnoOf(() => board.vfio.openGroup(0, user))).toBe('EBUSY');
  file.close();
  board.vfio.openGroup(0, user);
});

test('a group with a host driver, or of another iommufd, is not bound', () => {
  const iommufd = board.vfio.openIommufd(user);
  const file = board.vfio.openDeviceFile(GPU);
  board.vfio.bind(AUDIO, 'snd_hda_intel');
  expect(errnoOf(() => file.bind(iommufd))).toBe('EPERM');
  board.vfio.unbind(AUDIO);
  board.bindVfio(AUDIO);
  file.bind(iommufd);
  const other = board.vfio.openIommufd(new FakeProcess());
  const audio = board.vfio.openDeviceFile(AUDIO);
  expect(errnoOf(() => audio.bind(other))).toBe('EPERM');
  audio.bind(iommufd);
});

test('a device that cannot be enabled is not bound, and its group is given back', () => {
  const iommufd = board.vfio.openIommufd(user);
  const file = board.vfio.openDeviceFile(GPU);
  board.functions.get(GPU)!.configWrite = () => {
    throw new RangeError('The function does not answer.');
  };
  expect(() => file.bind(iommufd)).toThrow('does not answer');
  expect([file.state, board.vfio.list()[0].owner]).toEqual(['opened', undefined]);
});

test('the driver stays bound while a file is open, and asks the user for the device', () => {
  const iommufd = board.vfio.openIommufd(user);
  const file = board.vfio.openDeviceFile(GPU);
  expect(errnoOf(() => board.vfio.unbind(GPU))).toBe('EBUSY');
  file.bind(iommufd);
  let asked = 0;
  const fd = { signal: () => asked++, listen: () => undefined };
  file
    .device()
    .setIrqs({ index: 4, start: 0, action: 'trigger', data: { kind: 'eventfd', fds: [fd] } });
  expect(errnoOf(() => board.vfio.unbind(GPU))).toBe('EBUSY');
  expect(asked).toBe(1);
  file.close();
  board.vfio.unbind(GPU);
});
