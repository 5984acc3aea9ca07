/** What the half counts: `DeviceQueue.descriptors` and `suppressed`. */
import { descFlags } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { QueuePart } from '../part.ts';
import { mustTake } from '../ring/device-half.ts';
import { MockDriver, TABLE } from './mock-driver.ts';

const { NEXT, INDIRECT } = descFlags;

export const countChecks: readonly Check<QueuePart>[] = [
  {
    id: 'device-queue/descriptors',
    clause: 'DeviceQueue.descriptors',
    title: 'It counts the descriptors that it has read, those of tables too.',
    run: (part) => {
      const driver = new MockDriver(part);
      driver.describe(0, { flags: NEXT, next: 1 });
      driver.describe(1, { address: TABLE, bytes: 32, flags: INDIRECT });
      driver.describeIndirect(0, { flags: NEXT, next: 1 });
      driver.describeIndirect(1, {});
      driver.offer(0);
      mustTake(driver);
      mustBe('descriptors', 4, driver.queue.descriptors);
      driver.offer(2);
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
      const counts = [0, 1, 1, 0].map((flags) => {
        driver.availFlags = flags;
        driver.useOne();
        driver.queue.publish();
        return driver.queue.suppressed;
      });
      mustBe('suppressed', [0, 1, 2, 2], counts);
    },
  },
];
