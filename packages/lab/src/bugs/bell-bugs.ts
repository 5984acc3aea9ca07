/** Bugs of bell's driver: its doorbell, its fences, its registers, its reset. */
import {
  bellBars,
  bellRegisters,
  channelRegisters,
  channelWindow,
  header,
  type PciDevice,
  ringPackets,
} from '@doorbell/abi';
import { alteredBar, alteredMemory, alteredMmio, alteredStores, patient } from './altered.ts';
import type { Bug } from './bug.ts';

const { REGISTERS, DOORBELLS } = bellBars;
const { CONTROL, RESET, WATCHDOG, SCANOUT_CONTROL } = bellRegisters.rows;
const { FENCE, NOP } = ringPackets;
const FENCE_WORDS = FENCE.fields.length + 1;
/** BAR0 offsets that no register has. */
const NO_REGISTER = 0x01c;
const BELL = ['native', 'passthrough', 'sriov', 'emulated'];

export const bellBugs: readonly Bug[] = [
  {
    id: 'doorbell-lost',
    title: 'The driver puts packets into the ring, and waits.',
    cause: 'queue-not-notified',
    stacks: BELL,
    breaks: lostDoorbell,
  },
  {
    id: 'doorbell-lost-for-ever',
    title: 'The driver puts packets into the ring, and waits without a time limit.',
    cause: 'queue-not-notified',
    stacks: BELL,
    breaks: (device) => patient(lostDoorbell(device)),
  },
  {
    id: 'doorbell-stale',
    title: 'The driver rings its doorbell, and nothing runs.',
    cause: 'stale-doorbell',
    stacks: BELL,
    breaks: (device) => {
      let tail = 0;
      return alteredStores(device, DOORBELLS.index, (_offset, value) => {
        const old = tail;
        tail = value;
        return old;
      });
    },
  },
  {
    id: 'channel-left-off',
    title: 'The driver sets a channel up, and its doorbell does nothing.',
    cause: 'queue-not-enabled',
    stacks: BELL,
    breaks: (device) =>
      alteredStores(device, REGISTERS.index, (offset, value) =>
        channelOffset(offset) === channelRegisters.rows.CONTROL.offset ? undefined : value,
      ),
  },
  {
    id: 'fence-forgotten',
    title: 'The work is done, and the driver does not hear of it.',
    cause: 'fence-not-submitted',
    stacks: BELL,
    breaks: withoutFences,
  },
  {
    id: 'wrong-fence-word',
    title: 'The driver is interrupted, looks at its fence, and waits on.',
    cause: 'wrong-fence',
    stacks: BELL,
    // The fence is the only word of RAM that bell's driver loads.
    breaks: (device) =>
      alteredMemory(device, { load32: (address) => device.memory.load32(address + 4) }),
  },
  {
    id: 'watchdog-too-short',
    title: 'The first work that takes its time is lost.',
    cause: 'channel-hung',
    stacks: [...BELL, 'mdev'],
    breaks: (device) =>
      withAccess(device, CONTROL.offset, (write) => {
        write(WATCHDOG.offset, 1);
      }),
  },
  {
    id: 'reset-lost',
    title: 'Firmware has left the screen on, and the driver cannot begin.',
    cause: 'reset-not-finished',
    stacks: BELL,
    breaks: (device) =>
      alteredBar(device, REGISTERS.index, (mmio) => {
        mmio.write(SCANOUT_CONTROL.offset, 4, 1);
        return alteredMmio(mmio, {
          write: (offset, width, value) => {
            if (offset !== RESET.offset) {
              mmio.write(offset, width, value);
            }
          },
        });
      }),
  },
  {
    id: 'register-of-another-part',
    title: 'The driver writes a register that a newer part has.',
    cause: 'register-not-modelled',
    stacks: BELL,
    breaks: (device) =>
      // Once a channel is on, which is told of it.
      withAccess(device, channelWindow.base, (write) => {
        write(NO_REGISTER, 1);
      }),
  },
  {
    id: 'polls-another-part',
    title: 'The driver polls a register that a newer part has until a bit goes away.',
    cause: 'register-not-modelled',
    stacks: BELL,
    breaks: (device) =>
      withAccess(device, CONTROL.offset, (_write, read) => {
        while ((read(NO_REGISTER) & 1) !== 0) {
          // It will not go away: what is not there reads all ones.
        }
      }),
  },
];

function lostDoorbell(device: PciDevice): PciDevice {
  return alteredStores(device, DOORBELLS.index, () => undefined);
}

/** An offset in BAR0 as one of a channel's registers; -1: it is none. */
function channelOffset(offset: number): number {
  const { base, stride } = channelWindow;
  return offset < base ? -1 : (offset - base) % stride;
}

/** The driver does something more after it has written the register at `after`. */
function withAccess(
  device: PciDevice,
  after: number,
  more: (write: (offset: number, value: number) => void, read: (offset: number) => number) => void,
): PciDevice {
  return alteredBar(device, REGISTERS.index, (mmio) =>
    alteredMmio(mmio, {
      write: (offset, width, value) => {
        mmio.write(offset, width, value);
        if (offset === after) {
          more(
            (at, written) => {
              mmio.write(at, 4, written);
            },
            (at) => mmio.read(at, 4),
          );
        }
      },
    }),
  );
}

/** A FENCE packet at the end of what is written becomes a NOP of the same length. */
function withoutFences(device: PciDevice): PciDevice {
  return alteredMemory(device, {
    copyIn: (address, bytes) => {
      const at = bytes.length - FENCE_WORDS * 4;
      const copy = bytes.slice();
      const view = new DataView(copy.buffer);
      if (at >= 0 && view.getUint32(at, true) === header(FENCE.opcode, FENCE_WORDS)) {
        view.setUint32(at, header(NOP.opcode, FENCE_WORDS), true);
      }
      device.memory.copyIn(address, copy);
    },
  });
}
