/** Bugs of what every PCI driver does: turning its function on, and having its interrupts. */
import {
  capabilityIds,
  capabilityOffset,
  msixCapability,
  msixEntry,
  place,
  type PciDevice,
  type0Header,
} from '@doorbell/abi';
import { alteredConfig, alteredStores, withoutHandlers } from './altered.ts';
import type { Bug } from './bug.ts';

const { COMMAND } = type0Header.rows;
const { CONTROL, TABLE } = msixCapability.rows;
const ALL = ['native', 'passthrough', 'sriov', 'mdev', 'emulated', 'pv'];
const GUESTS = ['passthrough', 'sriov', 'mdev', 'emulated', 'pv'];

export const pciBugs: readonly Bug[] = [
  {
    id: 'no-bus-master',
    title: 'The driver turns its function on, but forgets one bit.',
    cause: 'bus-master-off',
    stacks: ALL,
    breaks: (device) => withoutCommandBit(device, COMMAND.bits.BUS_MASTER.mask),
  },
  {
    id: 'no-memory-decode',
    title: 'The driver reads all ones, wherever it looks.',
    cause: 'memory-decode-off',
    stacks: GUESTS,
    breaks: (device) => withoutCommandBit(device, COMMAND.bits.MEMORY.mask),
  },
  {
    id: 'vector-stays-masked',
    title: 'The driver masks a vector while it changes it.',
    cause: 'vector-masked',
    stacks: ALL,
    breaks: maskedVectors,
  },
  {
    id: 'function-stays-masked',
    title: 'The driver turns MSI-X on, and no message comes.',
    cause: 'vector-masked',
    stacks: ALL,
    breaks: (device) => {
      const at = msixAt(device) + CONTROL.offset;
      return alteredConfig(device, (offset, value) =>
        offset === at ? value | CONTROL.bits.FUNCTION_MASK.mask : value,
      );
    },
  },
  {
    id: 'handler-forgotten',
    title: 'The driver asks for an interrupt, and gives nothing to run.',
    cause: 'handler-not-installed',
    stacks: ALL.filter((stack) => stack !== 'mdev'),
    breaks: withoutHandlers,
  },
];

function withoutCommandBit(device: PciDevice, mask: number): PciDevice {
  return alteredConfig(device, (offset, value) =>
    offset === COMMAND.offset ? value & ~mask : value,
  );
}

/** Every store to an entry's control leaves its mask bit set. */
function maskedVectors(device: PciDevice): PciDevice {
  const where = device.config.read(msixAt(device) + TABLE.offset, 4);
  const { MASK } = msixEntry.rows.CONTROL.bits;
  const base = where & TABLE.bits.OFFSET.mask;
  return alteredStores(device, where & TABLE.bits.BIR.mask, (offset, value) =>
    (offset - base) % msixEntry.size === msixEntry.rows.CONTROL.offset
      ? value | place(MASK, 1)
      : value,
  );
}

function msixAt({ config }: PciDevice): number {
  return capabilityOffset((offset, width) => config.read(offset, width), capabilityIds.MSIX);
}
