/**
 * Who has a group and its devices: state machines for all that the host's drivers and users may
 * ask for, by the group's file or by the devices' own. A request that a table refuses, or does not
 * name, changes nothing.
 */
import { VfioError, type Errno } from './errno.ts';

export type GroupState =
  /** No member is bound to a VFIO driver, so /dev/vfio/N does not exist. */
  | 'absent'
  /** /dev/vfio/N exists and nobody has it open. */
  | 'idle'
  | 'open'
  /** In a container: its DMA belongs to the user, and reaches nothing. */
  | 'contained'
  /** In a container with an IOMMU: its DMA reaches what the container maps. */
  | 'ready'
  /** A device of it is open. */
  | 'in-use'
  /** Its handle is closed while a device is still open, which keeps all the rest. */
  | 'draining'
  /** A device of it is bound to an iommufd by its own file: the group's file has no use. */
  | 'bound';

export type GroupRequest =
  | 'bind the first device'
  | 'unbind the last device'
  | 'open'
  | 'set the container'
  | 'set the IOMMU'
  | 'open a device'
  | 'close a device'
  | 'close the last device'
  | 'unset the container'
  | 'close'
  | 'bind a device to an iommufd'
  | 'release a device from its iommufd'
  | 'release the last device from its iommufd';

/** A handle of /dev/vfio/devices/vfioN. */
export type DeviceFileState =
  /** Nothing but binding it to an iommufd is allowed. */
  | 'opened'
  /** The device is the user's, and its DMA reaches nothing. */
  | 'bound'
  /** Its DMA reaches what an IOAS maps. */
  | 'attached';

export type DeviceFileRequest = 'bind' | 'use' | 'attach' | 'detach';

interface Refusal {
  readonly errno: Errno;
  readonly because: string;
}
type Table<State extends string, Request extends string> = Readonly<
  Record<State, Partial<Record<Request, State | Refusal>>>
>;

const no = (errno: Errno, because: string): Refusal => ({ errno, because });

const taken = no('EBUSY', 'it is held open');
const contained = no('EINVAL', 'it is in a container already');
const uncontained = no('EINVAL', 'it is not in a container');
const inUse = no('EBUSY', 'a device of it is used');
const boundByFile = no('EBUSY', 'a device of it is bound to an iommufd');

/** drivers/vfio/group.c and container.c; Linux lets an unbind wait for the user, which here is EBUSY. */
const groupTable: Table<GroupState, GroupRequest> = {
  absent: {
    'bind the first device': 'idle',
    open: no('ENOENT', 'no device of it is bound to a VFIO driver'),
  },
  idle: {
    'unbind the last device': 'absent',
    open: 'open',
    'bind a device to an iommufd': 'bound',
  },
  open: {
    'unbind the last device': 'absent',
    open: taken,
    'set the container': 'contained',
    'open a device': uncontained,
    'unset the container': uncontained,
    close: 'idle',
    'bind a device to an iommufd': taken,
  },
  contained: {
    'unbind the last device': 'absent',
    open: taken,
    'set the container': contained,
    'set the IOMMU': 'ready',
    'open a device': no('EINVAL', 'its container has no IOMMU set'),
    'unset the container': 'open',
    close: 'idle',
    'bind a device to an iommufd': taken,
  },
  ready: {
    'unbind the last device': 'absent',
    open: taken,
    'set the container': contained,
    'open a device': 'in-use',
    'unset the container': 'open',
    close: 'idle',
    'bind a device to an iommufd': taken,
  },
  'in-use': {
    'unbind the last device': inUse,
    open: taken,
    'set the container': contained,
    'open a device': 'in-use',
    'close a device': 'in-use',
    'close the last device': 'ready',
    'unset the container': inUse,
    close: 'draining',
    'bind a device to an iommufd': taken,
  },
  draining: {
    'unbind the last device': inUse,
    open: taken,
    'close a device': 'draining',
    'close the last device': 'idle',
    'bind a device to an iommufd': taken,
  },
  bound: {
    'unbind the last device': inUse,
    open: boundByFile,
    'bind a device to an iommufd': 'bound',
    'release a device from its iommufd': 'bound',
    'release the last device from its iommufd': 'idle',
  },
};

const unbound = no('EINVAL', 'it is not bound to an iommufd');

/** drivers/vfio/device_cdev.c and vfio_main.c: until it is bound, a device's file gives no access. */
const deviceFileTable: Table<DeviceFileState, DeviceFileRequest> = {
  opened: { bind: 'bound', use: unbound, attach: unbound, detach: unbound },
  bound: {
    bind: no('EINVAL', 'it is bound already'),
    use: 'bound',
    attach: 'attached',
    // That there is nothing to detach is no error.
    detach: 'bound',
  },
  attached: {
    bind: no('EINVAL', 'it is bound already'),
    use: 'attached',
    // The new one replaces the old.
    attach: 'attached',
    detach: 'bound',
  },
};

const meaningless = no('EINVAL', 'that has no meaning there');

/** The state that follows; `user` has the group. @throws VfioError for a request that the state does not allow. */
export function nextState(
  group: number,
  state: GroupState,
  request: GroupRequest,
  user: string,
): GroupState {
  return follow(groupTable[state][request], `Group ${group}`, state, request, user);
}

/** The same of a device's file. @throws VfioError */
export function nextFileState(
  device: string,
  state: DeviceFileState,
  request: DeviceFileRequest,
): DeviceFileState {
  return follow(deviceFileTable[state][request], `The file of ${device}`, state, request, '');
}

function follow<State extends string>(
  step: State | Refusal | undefined,
  what: string,
  state: State,
  request: string,
  user: string,
): State {
  const next = step ?? meaningless;
  if (typeof next === 'object') {
    const who = next.errno === 'EBUSY' ? ` by ${user}` : '';
    throw new VfioError(
      next.errno,
      `${what} is ${state}, so '${request}' is refused: ${next.because}${who}.`,
    );
  }
  return next;
}
