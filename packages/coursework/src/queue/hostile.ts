/** What no driver may do to a device, and the device does not trust it not to. */
import { descFlags, MAX_INDIRECT } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import type { QueuePart } from '../part.ts';
import { mustBreak, mustStayBroken } from '../ring/device-half.ts';
import { reachCheck } from '../ring/reach.ts';
import { refusalsWith } from '../ring/ring-check.ts';
import { check } from './check.ts';
import { SIZE, TABLE } from './mock-driver.ts';

const { NEXT, WRITE, INDIRECT } = descFlags;
/** An address that memory does not reach. */
const FAR = { low: 0, high: 0x10_0000 };

const hostile = refusalsWith(check, mustStayBroken);

export const hostileChecks: readonly Check<QueuePart>[] = [
  reachCheck('2.7'),
  check(
    '2.7.13',
    'refuses-idx-too-far',
    'Refused: idx moves by more than the queue has.',
    (driver) => {
      driver.offer(0, 1, 2, 3, 0);
      mustBreak('idx moves by more than the queue has', driver, true);
      mustBreak('idx moves by more than the queue has, and asked again', driver);
    },
  ),
  hostile('2.7.6', 'idx-back', 'idx goes back.', (driver) => {
    driver.setAvailIdx(0xffff);
  }),
  hostile('2.7.6', 'head-beyond', 'A head is beyond the table.', (driver) => {
    driver.offer(SIZE);
  }),
  hostile('2.7.13.1', 'head-twice', 'A head is made available twice.', (driver) => {
    driver.offer(0, 0);
  }),
  hostile('2.7.5', 'next-beyond', 'A next is beyond the table.', (driver) => {
    driver.describe(0, { flags: NEXT, next: SIZE });
    driver.offer(0);
  }),
  hostile('2.7.5.2', 'loop-of-one', 'A descriptor names itself.', (driver) => {
    driver.describe(0, { flags: NEXT, next: 0 });
    driver.offer(0);
  }),
  hostile('2.7.5.2', 'loop', 'A chain is a loop of empty buffers.', (driver) => {
    for (let index = 0; index < SIZE; index++) {
      driver.describe(index, { bytes: 0, flags: NEXT, next: (index + 1) % SIZE });
    }
    driver.offer(0);
  }),
  hostile('2.7.4.2', 'read-after-write', 'A buffer to read follows one to write.', (driver) => {
    driver.describe(0, { flags: NEXT | WRITE, next: 1 });
    driver.describe(1, {});
    driver.offer(0);
  }),
  hostile(
    '2.7.5.2',
    'chain-of-4-gib',
    'A chain of more than 2^32 bytes.',
    (driver) => {
      for (const index of [0, 1, 2]) {
        const flags = index < 2 ? NEXT : 0;
        driver.describe(index, { bytes: 0x8000_0000, flags, next: index + 1 });
      }
      driver.offer(0);
    },
    { vast: true },
  ),
  hostile('2.7.5', 'beyond-memory', 'A buffer ends beyond memory.', (driver) => {
    driver.describe(0, { address: 0x1_fffc, bytes: 5 });
    driver.offer(0);
  }),
  hostile('2.7.5', 'length-wraps', 'A length wraps 32-bit arithmetic.', (driver) => {
    driver.describe(0, { bytes: 0xffff_ffff, flags: WRITE });
    driver.offer(0);
  }),
  hostile('2.7.5', 'address-64-bits', 'An address has bits above the memory.', (driver) => {
    driver.describe(0, { address: FAR, bytes: 1 });
    driver.offer(0);
  }),
  hostile(
    '2.7.5.3.1',
    'indirect-unasked',
    'An indirect table without INDIRECT_DESC.',
    (driver) => {
      driver.describe(0, { address: TABLE, bytes: 16, flags: INDIRECT });
      driver.offer(0);
    },
    { indirect: false },
  ),
  hostile('2.7.5.3.1', 'indirect-and-next', 'Both INDIRECT and NEXT.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: 16, flags: INDIRECT | NEXT, next: 1 });
    driver.offer(0);
  }),
  hostile('2.7.5.3.1', 'table-in-table', 'An indirect table within another.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: 16, flags: INDIRECT });
    driver.describeIndirect(0, { address: TABLE, bytes: 16, flags: INDIRECT });
    driver.offer(0);
  }),
  hostile('2.7.5.3', 'table-empty', 'An indirect table of nothing.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: 0, flags: INDIRECT });
    driver.offer(0);
  }),
  hostile('2.7.5.3', 'table-cut', 'An indirect table of a descriptor and a half.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: 24, flags: INDIRECT });
    driver.offer(0);
  }),
  hostile('2.7.5.3', 'table-next', "A table's next is beyond the table.", (driver) => {
    driver.describe(0, { address: TABLE, bytes: 32, flags: INDIRECT });
    driver.describeIndirect(0, { flags: NEXT, next: 2 });
    driver.offer(0);
  }),
  hostile('2.7.5.2', 'table-loop', 'An indirect table is a loop.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: 32, flags: INDIRECT });
    driver.describeIndirect(0, { bytes: 0, flags: NEXT, next: 1 });
    driver.describeIndirect(1, { bytes: 0, flags: NEXT, next: 0 });
    driver.offer(0);
  }),
  hostile('2.7.5.3', 'table-huge', 'An indirect table that is longer than any.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: (MAX_INDIRECT + 1) * 16, flags: INDIRECT });
    driver.offer(0);
  }),
];
