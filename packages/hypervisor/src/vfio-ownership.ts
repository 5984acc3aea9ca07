/**
 * Who has a group: one state machine for all that the host's drivers and a user may ask for.
 * A request that the table refuses, or does not name, changes nothing.
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
  | 'draining';

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
  | 'close';

interface Refusal {
  readonly errno: Errno;
  readonly because: string;
}
type Row = Partial<Record<GroupRequest, GroupState | Refusal>>;

const no = (errno: Errno, because: string): Refusal => ({ errno, because });

const taken = no('EBUSY', 'it is held open');
const contained = no('EINVAL', 'it is in a container already');
const uncontained = no('EINVAL', 'it is not in a container');
const inUse = no('EBUSY', 'a device of it is used');

/** drivers/vfio/group.c and container.c; Linux lets an unbind wait for the user, which here is EBUSY. */
const transitions: Readonly<Record<GroupState, Row>> = {
  absent: {
    'bind the first device': 'idle',
    open: no('ENOENT', 'no device of it is bound to a VFIO driver'),
  },
  idle: {
    'unbind the last device': 'absent',
    open: 'open',
  },
  open: {
    'unbind the last device': 'absent',
    open: taken,
    'set the container': 'contained',
    'open a device': uncontained,
    'unset the container': uncontained,
    close: 'idle',
  },
  contained: {
    'unbind the last device': 'absent',
    open: taken,
    'set the container': contained,
    'set the IOMMU': 'ready',
    'open a device': no('EINVAL', 'its container has no IOMMU set'),
    'unset the container': 'open',
    close: 'idle',
  },
  ready: {
    'unbind the last device': 'absent',
    open: taken,
    'set the container': contained,
    'open a device': 'in-use',
    'unset the container': 'open',
    close: 'idle',
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
  },
  draining: {
    'unbind the last device': inUse,
    open: taken,
    'close a device': 'draining',
    'close the last device': 'idle',
  },
};

const meaningless = no('EINVAL', 'that has no meaning there');

/** The state that follows; `user` has the group open. @throws VfioError for a request that the state does not allow. */
export function nextState(
  group: number,
  state: GroupState,
  request: GroupRequest,
  user: string,
): GroupState {
  const step = transitions[state][request] ?? meaningless;
  if (typeof step === 'object') {
    const who = step.errno === 'EBUSY' ? ` by ${user}` : '';
    throw new VfioError(
      step.errno,
      `Group ${group} is ${state}, so '${request}' is refused: ${step.because}${who}.`,
    );
  }
  return step;
}
