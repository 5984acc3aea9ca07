import { bdf } from '@doorbell/abi';
import { expect, test } from 'vitest';
import { VfioError } from '../src/errno.ts';
import { PciDrivers } from '../src/pci-drivers.ts';
import { errnoOf, FakeBoard, NIC, ROOT } from './fake-bus.ts';
import { AUDIO, FakeFunction, GPU } from './fake-function.ts';

const driverOf = (board: FakeBoard, at: number): string | undefined =>
  board.vfio
    .list()
    .flatMap(({ members }) => members)
    .find((member) => member.bdf === at)?.driver?.name;

test('vfio-pci has no ids until new_id: then it takes what has no driver, and only that', () => {
  const board = new FakeBoard();
  const { vfio } = board;
  vfio.bind(GPU, 'bell');
  expect(errnoOf(() => vfio.bind(AUDIO, 'vfio-pci'))).toBe('ENODEV');
  vfio.newId('vfio-pci', { vendor: 0x1234, device: 0xbe12 });
  expect(driverOf(board, AUDIO)).toBe('vfio-pci');
  vfio.newId('vfio-pci', { vendor: 0x1234, device: 0xbe11 });
  expect(driverOf(board, GPU)).toBe('bell');
  vfio.unbind(GPU);
  vfio.bind(GPU, 'vfio-pci');
  expect(driverOf(board, GPU)).toBe('vfio-pci');
});

test('ids that are there are not added again, and only those that were added are removed', () => {
  const { vfio } = new FakeBoard();
  const id = { vendor: 0x8086, device: 0x10d3 };
  expect(errnoOf(() => vfio.newId('nvidia', id))).toBe('ENOENT');
  expect(errnoOf(() => vfio.newId('e1000e', id))).toBe('EEXIST');
  expect(errnoOf(() => vfio.newId('vfio-pci', { vendor: NaN, device: 1 }))).toBe('EINVAL');
  expect(errnoOf(() => vfio.removeId('vfio-pci', id))).toBe('ENODEV');
  expect(errnoOf(() => vfio.removeId('nvidia', id))).toBe('ENOENT');
  vfio.newId('vfio-pci', id);
  expect(errnoOf(() => vfio.newId('vfio-pci', id))).toBe('EEXIST');
  vfio.removeId('vfio-pci', id);
  expect(errnoOf(() => vfio.bind(NIC, 'vfio-pci'))).toBe('ENODEV');
});

test('remove_id leaves what is bound; the id no longer binds', () => {
  const board = new FakeBoard();
  const { vfio } = board;
  const id = { vendor: 0x8086, device: 0x10d3 };
  vfio.newId('vfio-pci', id);
  vfio.removeId('vfio-pci', id);
  expect(driverOf(board, NIC)).toBe('vfio-pci');
  vfio.unbind(NIC);
  expect(errnoOf(() => vfio.bind(NIC, 'vfio-pci'))).toBe('ENODEV');
  vfio.probe(NIC);
  expect(driverOf(board, NIC)).toBe('e1000e');
});

test('a driver that does not take the function says so, whether or not another has it', () => {
  const { vfio } = new FakeBoard();
  vfio.bind(GPU, 'bell');
  expect(errnoOf(() => vfio.bind(GPU, 'e1000e'))).toBe('ENODEV');
  expect(errnoOf(() => vfio.bind(GPU, 'bell'))).toBe('EBUSY');
  expect(errnoOf(() => vfio.bind(bdf(9, 0, 0), 'bell'))).toBe('ENODEV');
  expect(errnoOf(() => vfio.probe(bdf(9, 0, 0)))).toBe('ENODEV');
  expect(errnoOf(() => vfio.unbind(AUDIO))).toBe('ENODEV');
});

test('probing passes over drivers that refuse, and is content with none', () => {
  const board = new FakeBoard([[GPU, AUDIO], [ROOT], [NIC]]);
  const { vfio } = board;
  board.bindVfio(GPU);
  const user = {
    name: 'qemu',
    lockLimit: 1,
    lockedPages: 0,
    pin: () => -1,
    unpin: () => undefined,
  };
  const group = vfio.openGroup(0, user);
  group.setContainer(vfio.openContainer(user));
  vfio.probe(AUDIO);
  expect(driverOf(board, AUDIO)).toBeUndefined();
  vfio.probe(ROOT);
  expect(driverOf(board, ROOT)).toBeUndefined();
  group.unsetContainer();
  vfio.probe(AUDIO);
  expect(driverOf(board, AUDIO)).toBe('snd_hda_intel');
});

test('a bridge is not given to users', () => {
  const board = new FakeBoard([]);
  board.vfio.addGroup(0, [{ bdf: ROOT, endpoint: new FakeFunction(0x1b36, 0x000c, 1) }]);
  board.vfio.setDriverOverride(ROOT, 'vfio-pci');
  expect(errnoOf(() => board.vfio.bind(ROOT, 'vfio-pci'))).toBe('EINVAL');
});

test('a bug in a probe is not taken for a refusal', () => {
  const drivers = new PciDrivers([{ name: 'bad', kind: 'host', matches: () => true }], {
    probe: () => {
      throw new TypeError('A bug.');
    },
    remove: () => {
      throw new VfioError('EBUSY', 'It is used.');
    },
  });
  const [{ members }] = new FakeBoard().vfio.list();
  drivers.add(members[0]);
  expect(() => {
    drivers.probe(ROOT);
  }).toThrow('A bug.');
  expect(drivers.list().map(({ name }) => name)).toEqual(['bad']);
  expect(drivers.idsOf('bad')).toEqual([]);
});
