/** What no driver may do to a device, and the device does not trust it not to. */
import { descFlags, MAX_INDIRECT } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import type { PackedQueuePart } from '../part.ts';
import { mustStayBroken, mustTake } from '../ring/device-half.ts';
import { reachCheck } from '../ring/reach.ts';
import { refusalsWith } from '../ring/ring-check.ts';
import { check } from './check.ts';
import { SIZE, TABLE } from './mock-driver.ts';

const { NEXT, WRITE, INDIRECT } = descFlags;
/** An address that memory does not reach. */
const FAR = { low: 0, high: 0x10_0000 };

const hostile = refusalsWith(check, mustStayBroken);

export const hostileChecks: readonly Check<PackedQueuePart>[] = [
  reachCheck('2.8'),
  hostile('2.8.16', 'overrun', 'A descriptor is available that was not used.', (driver) => {
    driver.offer(...Array.from({ length: SIZE }, () => ({ id: 0 })));
    mustTake(driver);
    driver.offer({ id: 1 });
  }),
  hostile('2.8.21.1', 'id-twice', 'A buffer id is made available twice.', (driver) => {
    driver.offer({ id: 1 });
    driver.offer({ id: 1 });
  }),
  hostile('2.8.17', 'endless', 'A list does not end within the ring.', (driver) => {
    for (let index = 0; index < SIZE; index++) {
      driver.place({ bytes: 0, flags: NEXT });
    }
  }),
  hostile('2.8.17', 'head-early', 'A list is available of which a part is not.', (driver) => {
    driver.place({ flags: NEXT });
    driver.describe(1, { flags: 0 });
  }),
  hostile('2.8.17', 'read-after-write', 'A buffer to read follows one to write.', (driver) => {
    driver.offer({ flags: WRITE }, {});
  }),
  hostile('2.8.4', 'beyond-memory', 'A buffer ends beyond memory.', (driver) => {
    driver.offer({ address: 0x1_fffc, bytes: 5 });
  }),
  hostile('2.8.4', 'length-wraps', 'A length wraps 32-bit arithmetic.', (driver) => {
    driver.offer({ bytes: 0xffff_ffff, flags: WRITE });
  }),
  hostile('2.8.4', 'address-64-bits', 'An address has bits above the memory.', (driver) => {
    driver.offer({ address: FAR, bytes: 1 });
  }),
  hostile(
    '2.8.19',
    'indirect-unasked',
    'An indirect table without INDIRECT_DESC.',
    (driver) => {
      driver.offer({ address: TABLE, bytes: 16, flags: INDIRECT });
    },
    { indirect: false },
  ),
  hostile('2.8.19', 'indirect-and-next', 'Both INDIRECT and NEXT.', (driver) => {
    driver.offer({ address: TABLE, bytes: 16, flags: INDIRECT }, {});
  }),
  hostile('2.8.19', 'indirect-in-list', 'A list ends in an indirect table.', (driver) => {
    driver.offer({}, { address: TABLE, bytes: 16, flags: INDIRECT });
  }),
  hostile('2.8.7', 'table-empty', 'An indirect table of nothing.', (driver) => {
    driver.offer({ address: TABLE, bytes: 0, flags: INDIRECT });
  }),
  hostile('2.8.7', 'table-cut', 'An indirect table of a descriptor and a half.', (driver) => {
    driver.offer({ address: TABLE, bytes: 24, flags: INDIRECT });
  }),
  hostile('2.8.7', 'table-huge', 'An indirect table that is longer than any.', (driver) => {
    driver.offer({ address: TABLE, bytes: (MAX_INDIRECT + 1) * 16, flags: INDIRECT });
  }),
  hostile('2.8.7', 'table-beyond', 'An indirect table ends beyond memory.', (driver) => {
    driver.offer({ address: 0x1_fff0, bytes: 32, flags: INDIRECT });
  }),
];
