/** What the half counts: `DeviceQueue.descriptors`, `suppressed` and `nextIndex`. */
import { descFlags, eventFlags } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { PackedQueuePart } from '../part.ts';
import { mustTake } from '../ring/device-half.ts';
import { MockDriver, SIZE, TABLE } from './mock-driver.ts';

const { ENABLE, DISABLE } = eventFlags;

export const countChecks: readonly Check<PackedQueuePart>[] = [
  {
    id: 'device-queue/descriptors',
    clause: 'DeviceQueue.descriptors',
    title: 'It counts the descriptors that it has read, those of tables too.',
    run: (part) => {
      const driver = new MockDriver(part);
      driver.offer({ id: 1 }, { id: 1 });
      mustTake(driver);
      mustBe('descriptors', 2, driver.queue.descriptors);
      driver.offer({ address: TABLE, bytes: 32, id: 2, flags: descFlags.INDIRECT });
      driver.describeIndirect(0, {});
      driver.describeIndirect(1, {});
      mustTake(driver);
      mustBe('descriptors', 5, driver.queue.descriptors);
    },
  },
  {
    id: 'device-queue/suppressed',
    clause: 'DeviceQueue.suppressed',
    title: 'It counts the notifications that the driver did not want.',
    run: (part) => {
      const driver = new MockDriver(part);
      const counts = [ENABLE, DISABLE, DISABLE, ENABLE].map((flags) => {
        driver.wants(flags);
        driver.useOne();
        driver.queue.publish();
        return driver.queue.suppressed;
      });
      mustBe('suppressed', [0, 1, 2, 2], counts);
    },
  },
  {
    id: 'device-queue/next-index',
    clause: 'DeviceQueue.nextIndex',
    title: 'It tells where the next list begins, modulo the size of the ring.',
    run: (part) => {
      const driver = new MockDriver(part);
      const places = Array.from({ length: SIZE + 1 }, () => {
        driver.useOne();
        return driver.queue.nextIndex;
      });
      mustBe('nextIndex', [1, 2, 3, 0, 1], places);
    },
  },
];
