import { expect, test } from 'vitest';
import { VfioError } from '../src/errno.ts';
import {
  nextFileState,
  nextState,
  type DeviceFileRequest,
  type DeviceFileState,
  type GroupRequest,
  type GroupState,
} from '../src/vfio-ownership.ts';

function next(state: GroupState, request: GroupRequest): string {
  try {
    return nextState(7, state, request, 'qemu');
  } catch (error) {
    return error instanceof VfioError ? error.errno : String(error);
  }
}

/** Columns of the table below. */
const requests: readonly GroupRequest[] = [
  'bind the first device',
  'unbind the last device',
  'open',
  'set the container',
  'set the IOMMU',
  'open a device',
  'close a device',
  'close the last device',
  'unset the container',
  'close',
  'bind a device to an iommufd',
  'release a device from its iommufd',
  'release the last device from its iommufd',
];

// From drivers/vfio/group.c: EBUSY for a second open, EINVAL for a container set twice, unset
// when there is none, or a device without one; EBUSY to unset while a device is open.
test.each<[GroupState, string]>([
  [
    'absent',
    'idle EINVAL ENOENT EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL',
  ],
  [
    'idle',
    'EINVAL absent open EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL bound EINVAL EINVAL',
  ],
  [
    'open',
    'EINVAL absent EBUSY contained EINVAL EINVAL EINVAL EINVAL EINVAL idle EBUSY EINVAL EINVAL',
  ],
  [
    'contained',
    'EINVAL absent EBUSY EINVAL ready EINVAL EINVAL EINVAL open idle EBUSY EINVAL EINVAL',
  ],
  ['ready', 'EINVAL absent EBUSY EINVAL EINVAL in-use EINVAL EINVAL open idle EBUSY EINVAL EINVAL'],
  [
    'in-use',
    'EINVAL EBUSY EBUSY EINVAL EINVAL in-use in-use ready EBUSY draining EBUSY EINVAL EINVAL',
  ],
  [
    'draining',
    'EINVAL EBUSY EBUSY EINVAL EINVAL EINVAL draining idle EINVAL EINVAL EBUSY EINVAL EINVAL',
  ],
  ['bound', 'EINVAL EBUSY EBUSY EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL bound bound idle'],
])('from %s', (state, row) => {
  expect(requests.map((request) => next(state, request)).join(' ')).toBe(row);
});

test('a refusal names the group, both states and who is in the way', () => {
  expect(() => nextState(7, 'in-use', 'unset the container', 'qemu')).toThrow(
    "Group 7 is in-use, so 'unset the container' is refused: a device of it is used by qemu.",
  );
});

// From drivers/vfio/device_cdev.c and vfio_main.c: EINVAL without access, and for a second bind.
test.each<[DeviceFileState, string]>([
  ['opened', 'bound EINVAL EINVAL EINVAL'],
  ['bound', 'EINVAL bound attached bound'],
  ['attached', 'EINVAL attached attached bound'],
])("a device's file from %s", (state, row) => {
  const asked: readonly DeviceFileRequest[] = ['bind', 'use', 'attach', 'detach'];
  const after = (request: DeviceFileRequest): string => {
    try {
      return nextFileState('01:00.0', state, request);
    } catch (error) {
      return error instanceof VfioError ? error.errno : String(error);
    }
  };
  expect(asked.map(after).join(' ')).toBe(row);
});
