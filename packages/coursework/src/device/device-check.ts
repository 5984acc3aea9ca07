/** One check of a virtio-gpu by a driver that writes what the check says. */
import type { Check } from '../check/check.ts';
import type { DevicePart } from '../part.ts';
import { MockDriver } from './mock-driver.ts';

type Body = (driver: MockDriver) => void | Promise<void>;

/** The device is as it was made. */
export function check(section: string, name: string, title: string, body: Body): Check<DevicePart> {
  return {
    ...{ id: `virtio-1.3/${section}/${name}`, clause: `VIRTIO 1.3 §${section}`, title },
    run: async (part) => {
      const driver = new MockDriver(part);
      await body(driver);
      driver.mustBeWhole();
    },
  };
}

/** The device is live: §3.1.1 is behind it. */
export function live(section: string, name: string, title: string, body: Body): Check<DevicePart> {
  return check(section, name, title, (driver) => {
    driver.start();
    return body(driver);
  });
}
