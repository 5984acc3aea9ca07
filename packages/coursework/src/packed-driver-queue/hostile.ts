/** What no device may do to a driver, and the driver does not trust it not to. */
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { PackedDriverQueuePart } from '../part.ts';
import {
  listOf,
  mustAdd,
  mustOffer,
  mustStayBroken,
  mustTake,
  READ,
  WRITE,
} from '../ring/driver-half.ts';
import { refusalsWith } from '../ring/ring-check.ts';
import { check } from './check.ts';
import { SIZE, type MockDevice } from './mock-device.ts';

const hostile = refusalsWith(check, mustStayBroken);

/** An id that no list has. */
function strangeId(device: MockDevice): number {
  return (device.newList().id + 1) % SIZE;
}

export const hostileChecks: readonly Check<PackedDriverQueuePart>[] = [
  hostile('2.8.22', 'id-beyond', 'A used id is beyond all ids.', (device) => {
    mustOffer(device, WRITE);
    device.writeUsed({ id: 0xffff, bytes: 1 });
  }),
  hostile('2.8.22', 'id-never-given', 'A used id is of no list that was given.', (device) => {
    mustOffer(device, WRITE);
    device.writeUsed({ id: strangeId(device), bytes: 1 });
  }),
  hostile('2.8.22', 'id-twice', 'A list is used twice.', (device) => {
    mustOffer(device, WRITE);
    mustOffer(device, WRITE);
    const list = device.newList();
    device.use(list, 1);
    device.use(list, 1);
  }),
  hostile('2.8.22', 'id-early', 'A list is used that was added and not published.', (device) => {
    mustOffer(device, WRITE);
    const id = strangeId(device);
    // Whatever the order of free ids: all of the others are in use.
    for (let count = 1; count < SIZE; count++) {
      mustAdd(device, WRITE);
    }
    device.writeUsed({ id, bytes: 1 });
  }),
  hostile('2.8.4', 'used-length', 'More was written than there is room for.', (device) => {
    mustOffer(device, [0x7000, 64, false], WRITE);
    device.use(device.newList(), 17);
  }),
  hostile('2.8.4', 'used-length-32-bits', 'A length is that of no buffer.', (device) => {
    mustOffer(device, WRITE);
    device.use(device.newList(), 0xffff_ffff);
  }),
  hostile(
    '2.8.4',
    'used-length-read',
    'Something was written where all is to be read.',
    (device) => {
      mustOffer(device, READ);
      device.use(device.newList(), 1);
    },
  ),
  check(
    '2.8.16',
    'scribbled',
    'A device that writes into the ring and the tables changes no later list.',
    (device) => {
      for (let count = 0; count < 3 * SIZE; count++) {
        const buffers = listOf(1 + (count % 3));
        const id = mustOffer(device, ...buffers);
        const list = device.newList();
        mustBe('the buffers', buffers, list.buffers);
        device.scribble();
        device.use(list, 1);
        mustTake(device, id, 1);
      }
    },
  ),
];
