/** What a driver half counts, whatever the layout of its queue: `DriverQueue.descriptors` and `suppressed`. */
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import { mustAdd, mustOffer, READ, WRITE, type DriverHalf } from './driver-half.ts';

export interface CountedHalf extends DriverHalf {
  /** The device wants to be notified from now on, or not. */
  readonly wants: (isNotified: boolean) => void;
}

/** @param open  of a part, against a device that has done nothing yet. */
export function driverCountChecks<P>(open: (part: P) => CountedHalf): readonly Check<P>[] {
  return [
    {
      id: 'driver-queue/descriptors',
      clause: 'DriverQueue.descriptors',
      title: 'It counts the descriptors that it has made available.',
      run: (part) => {
        const half = open(part);
        mustAdd(half, READ, WRITE);
        mustBe('descriptors before they are published', 0, half.queue.descriptors);
        half.queue.publish();
        mustBe('descriptors', 2, half.queue.descriptors);
        mustOffer(half, WRITE);
        mustBe('descriptors', 3, half.queue.descriptors);
      },
    },
    {
      id: 'driver-queue/suppressed',
      clause: 'DriverQueue.suppressed',
      title: 'It counts the notifications that the device did not want.',
      run: (part) => {
        const half = open(part);
        const counts = [true, false, false, true].map((isNotified) => {
          half.wants(isNotified);
          mustOffer(half, WRITE);
          half.queue.publish();
          return half.queue.suppressed;
        });
        mustBe('suppressed', [0, 1, 2, 2], counts);
      },
    },
  ];
}
