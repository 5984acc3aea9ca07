/** What no device may do to a driver, and the driver does not trust it not to. */
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { DriverQueuePart } from '../part.ts';
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
import { SIZE } from './mock-device.ts';

const hostile = refusalsWith(check, mustStayBroken);

export const hostileChecks: readonly Check<DriverQueuePart>[] = [
  hostile('2.7.8', 'id-beyond', 'A used id is beyond the table.', (device) => {
    mustOffer(device, WRITE);
    device.use([SIZE, 0]);
  }),
  hostile('2.7.8', 'id-32-bits', 'A used id is a head in its lower 16 bits alone.', (device) => {
    mustOffer(device, WRITE);
    device.use([0x1_0000 + device.newHead(), 0]);
  }),
  hostile('2.7.8', 'id-never-given', 'A used id is of no chain that was given.', (device) => {
    mustOffer(device, WRITE);
    device.use([(device.newHead() + 1) % SIZE, 0]);
  }),
  hostile('2.7.8', 'id-twice', 'A chain is used twice.', (device) => {
    mustOffer(device, WRITE);
    mustOffer(device, WRITE);
    const [head] = device.newHeads();
    device.use([head, 0], [head, 0]);
  }),
  hostile('2.7.8', 'id-within', 'A used id is within a chain, and not its head.', (device) => {
    mustOffer(device, READ, WRITE);
    device.use([device.chain(device.newHead())[1], 0]);
  }),
  hostile('2.7.8', 'id-early', 'A chain is used that was added and not published.', (device) => {
    mustOffer(device, WRITE);
    const head = device.newHead();
    // Whatever the order of free descriptors: all of the others are in chains.
    for (let count = 1; count < SIZE; count++) {
      mustAdd(device, WRITE);
    }
    device.use([(head + 1) % SIZE, 0]);
  }),
  hostile('2.7.8', 'used-idx-too-far', 'idx moves by more than there are chains.', (device) => {
    mustOffer(device, WRITE);
    const head = device.newHead();
    device.use([head, 0], [head, 0]);
  }),
  hostile('2.7.8', 'used-idx-back', 'idx goes back.', (device) => {
    mustOffer(device, WRITE);
    device.usedIdx = 0xffff;
  }),
  hostile('2.7.8.2', 'length', 'More was written than there is room for.', (device) => {
    mustOffer(device, [0x7000, 64, false], WRITE);
    device.use([device.newHead(), 17]);
  }),
  hostile('2.7.8.2', 'length-32-bits', 'A length is that of no buffer.', (device) => {
    mustOffer(device, WRITE);
    device.use([device.newHead(), 0xffff_ffff]);
  }),
  hostile('2.7.8.2', 'length-read', 'Something was written where all is to be read.', (device) => {
    mustOffer(device, READ);
    device.use([device.newHead(), 1]);
  }),
  hostile(
    '2.7.9',
    'batch-too-long',
    'A batch is of more chains than idx was moved by.',
    (device) => {
      [0, 1, 2].forEach(() => mustAdd(device, WRITE));
      device.queue.publish();
      device.writeUsed(0, device.newHeads()[2], 0);
      device.usedIdx = 2;
    },
    { inOrder: true },
  ),
  hostile(
    '2.7.9',
    'batch-id',
    'With IN_ORDER a used id is of no chain that was given.',
    (device) => {
      mustOffer(device, WRITE);
      device.use([(device.newHead() + 1) % SIZE, 0]);
    },
    { inOrder: true },
  ),
  hostile(
    '2.7.9',
    'batch-length',
    'With IN_ORDER more was written than there is room for.',
    (device) => {
      mustOffer(device, WRITE);
      device.use([device.newHead(), 17]);
    },
    { inOrder: true },
  ),
  check(
    '2.7.5.1',
    'scribbled',
    'A device that writes into the table and the available ring changes no later chain.',
    (device) => {
      for (let count = 0; count < 3 * SIZE; count++) {
        const buffers = listOf(1 + (count % 3));
        const id = mustOffer(device, ...buffers);
        const head = device.newHead();
        mustBe('the buffers', buffers, device.buffers(head));
        device.scribble();
        device.use([head, 1]);
        mustTake(device, id, 1);
      }
    },
  ),
];
