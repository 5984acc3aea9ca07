/** Bugs of virtio's driver: its status, its queues, its notifications. */
import {
  availRing,
  deviceStatus,
  type PciDevice,
  virtioCommonConfig,
  virtioPciLayout,
} from '@doorbell/abi';
import { alteredBar, alteredMemory, alteredMmio, alteredStores } from './altered.ts';
import type { Bug } from './bug.ts';

const { BAR, COMMON, NOTIFY } = virtioPciLayout;
const { DEVICE_STATUS, QUEUE_ENABLE, QUEUE_SELECT, QUEUE_SIZE, QUEUE_DRIVER_LO } =
  virtioCommonConfig.rows;
const { ACKNOWLEDGE, DRIVER, DRIVER_OK } = deviceStatus;

export const virtioBugs: readonly Bug[] = [
  {
    id: 'kick-lost',
    title: 'The driver makes a buffer available, and waits.',
    cause: 'queue-not-notified',
    stacks: ['pv', 'pv:ring=packed', 'pv:notify=event-idx'],
    breaks: (device) =>
      alteredStores(device, BAR, (offset, value) => (offset >= NOTIFY ? undefined : value)),
  },
  {
    id: 'queue-left-off',
    title: 'The driver sets its queues up, and one store is lost.',
    cause: 'queue-not-enabled',
    stacks: ['pv', 'pv:ring=packed'],
    breaks: (device) =>
      alteredStores(device, BAR, (offset, value) =>
        offset === COMMON + QUEUE_ENABLE.offset ? undefined : value,
      ),
  },
  {
    id: 'driver-not-ok',
    title: 'The driver sets its device up, and never says that it is done.',
    cause: 'driver-ok-not-set',
    stacks: ['pv', 'pv:ring=packed'],
    breaks: (device) =>
      alteredStores(device, BAR, (offset, value) =>
        offset === COMMON + DEVICE_STATUS.offset ? value & ~DRIVER_OK : value,
      ),
  },
  {
    id: 'event-index-off-by-one',
    title: 'The driver asks to be told of one used buffer too late.',
    cause: 'event-index-wrong',
    stacks: ['pv:notify=event-idx'],
    breaks: lateEventIndex,
  },
  {
    id: 'device-reset-lost',
    title: 'Firmware has used the device, and the driver waits for its reset.',
    cause: 'reset-not-finished',
    stacks: ['pv'],
    breaks: lostReset,
  },
];

/** Each `used_event` that asks for a notification is one more than it should be. Where it lies is what the driver tells the device. */
function lateEventIndex(device: PciDevice): PciDevice {
  const events = new Set<number>();
  const size = new Map<number, number>();
  let selected = 0;
  const watched = alteredStores(device, BAR, (offset, value) => {
    if (offset === COMMON + QUEUE_SELECT.offset) {
      selected = value;
    } else if (offset === COMMON + QUEUE_SIZE.offset) {
      size.set(selected, value);
    } else if (offset === COMMON + QUEUE_DRIVER_LO.offset) {
      events.add(value + availRing.usedEvent(size.get(selected) ?? 0));
    }
    return value;
  });
  return alteredMemory(watched, {
    release16: (address, value) => {
      device.memory.release16(address, events.has(address) ? (value + 1) & 0xffff : value);
    },
  });
}

/** Somebody has used the device before; writing 0 to its status is lost. */
function lostReset(device: PciDevice): PciDevice {
  const status = COMMON + DEVICE_STATUS.offset;
  let used = false;
  return alteredBar(device, BAR, (mmio) =>
    alteredMmio(mmio, {
      write: (offset, width, value) => {
        if (offset !== status || value !== 0) {
          mmio.write(offset, width, value);
        } else if (!used) {
          used = true;
          mmio.write(offset, width, ACKNOWLEDGE | DRIVER);
        }
      },
    }),
  );
}
