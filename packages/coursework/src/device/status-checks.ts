/** The device status, reset, and notifications of a device: VIRTIO 1.3 §2.1, §2.4, §2.6.1, §3. */
import type { Check } from '../check/check.ts';
import type { DevicePart } from '../part.ts';
import { bits, fenced, responses, setOf } from '../virtio/gpu-bytes.ts';
import { must, mustBe } from '../virtio/must.ts';
import { check, live } from './device-check.ts';
import { CONTROL, CURSOR, NEEDS_RESET, status, type MockDriver } from './mock-driver.ts';
import { create2d, ctxCreate, getDisplayInfo, getEdid, submit3d } from './requests.ts';

const { DRIVEN, FOUND, LIVE } = status;
const FEATURES_OK = 8;
const DRIVER_OK = 4;
/** The capset `bell`: what a context speaks here. */
const BELL = 48;

/** Gives a device that is live a request that it cannot end. */
async function holdOne(driver: MockDriver): Promise<ReturnType<MockDriver['send']>> {
  await driver.mustAnswer(responses.OK_NODATA, ctxCreate(1, BELL));
  driver.renderer.isHeld = true;
  const sent = driver.send(submit3d(1, [], fenced(7n)));
  await driver.kick();
  mustBe('the answer to a command under way', undefined, driver.answer(sent));
  return sent;
}

/** Whatever the device still has to do, it leaves the driver alone. */
async function mustBeSilent(driver: MockDriver, when: string): Promise<void> {
  const before = driver.watched.writes.length;
  const notified = [...driver.notified];
  driver.renderer.release();
  await driver.kick();
  mustBe(`used buffer notifications ${when}`, notified, driver.notified);
  mustBe(`writes to the driver's memory ${when}`, 0, driver.watched.writes.length - before);
}

export const statusChecks: readonly Check<DevicePart>[] = [
  check('2.1', 'begins-at-0', 'The status is 0 at first.', ({ device }) => {
    mustBe('the status', 0, device.status);
  }),
  check(
    '2.1',
    'keeps-what-is-set',
    'It reads as the driver wrote it, step by step.',
    ({ device }) => {
      for (const step of [FOUND, DRIVEN]) {
        device.writeStatus(step);
        mustBe('the status', step, device.status);
      }
    },
  ),
  check(
    '2.1.2',
    'idle-before-driver-ok',
    'Before DRIVER_OK no buffer is consumed, and the driver is not notified.',
    async (driver) => {
      driver.negotiate();
      driver.setUpQueue(CONTROL);
      const sent = driver.send(getDisplayInfo());
      await driver.kick();
      mustBe('accesses to memory', 0, driver.watched.accesses);
      mustBe('used buffer notifications', [0, 0], driver.notified);
      driver.device.writeStatus(LIVE);
      await driver.kick();
      must(driver.answer(sent) !== undefined, 'an answer once DRIVER_OK is set', 'none');
    },
  ),
  check(
    '3.1.1',
    'already-available',
    'What was made available before DRIVER_OK is served once it is set, without a notification.',
    async (driver) => {
      driver.negotiate();
      driver.setUpQueue(CONTROL);
      const sent = driver.send(getDisplayInfo());
      driver.device.writeStatus(LIVE);
      const isServed = await driver.time.until(() => driver.answer(sent) !== undefined);
      must(isServed, 'an answer', 'none');
    },
  ),
  check(
    '3.1.1',
    'no-live-without-features-ok',
    'DRIVER_OK without FEATURES_OK does not make the device live.',
    async (driver) => {
      driver.device.writeStatus(FOUND);
      driver.device.writeStatus(DRIVEN);
      driver.setUpQueue(CONTROL);
      driver.send(getDisplayInfo());
      driver.device.writeStatus(DRIVEN | DRIVER_OK);
      await driver.kick();
      mustBe('accesses to memory', 0, driver.watched.accesses);
    },
  ),
  live(
    '2.1.2',
    'needs-reset-notifies',
    'DEVICE_NEEDS_RESET of a device that is live is told by a configuration change notification.',
    async (driver) => {
      driver.makeAvailable(CONTROL, 0, 1000);
      await driver.kick();
      mustBe('the status', LIVE | NEEDS_RESET, driver.device.status);
      mustBe('configuration change notifications', 1, driver.configChanges);
      must(driver.device.reason !== '', 'a reason', 'none');
    },
  ),
  live(
    '2.1.2',
    'needs-reset-stops',
    'With DEVICE_NEEDS_RESET set no buffer is consumed any more.',
    async (driver) => {
      driver.makeAvailable(CONTROL, 0, 1000);
      await driver.kick();
      const before = driver.watched.accesses;
      driver.send(getDisplayInfo());
      await driver.kick();
      await driver.kick(CURSOR);
      mustBe('accesses to memory', 0, driver.watched.accesses - before);
    },
  ),
  live(
    '2.4.1',
    'status-0',
    'After a reset the status is 0, and there is no reason for one.',
    async (driver) => {
      driver.makeAvailable(CONTROL, 0, 1000);
      await driver.kick();
      driver.device.writeStatus(0);
      mustBe('the status', 0, driver.device.status);
      mustBe('the reason', '', driver.device.reason);
    },
  ),
  live(
    '2.4.1',
    'silent',
    'After a reset nothing is notified, and no queue is touched, whatever was under way.',
    async (driver) => {
      await holdOne(driver);
      driver.device.writeStatus(0);
      await mustBeSilent(driver, 'after a reset');
    },
  ),
  live(
    '2.4.1',
    'queues-disabled',
    'After a reset no queue is enabled, and none is where it was.',
    ({ device }) => {
      device.writeStatus(0);
      for (const queue of [CONTROL, CURSOR]) {
        const { enabled, setup } = device.queue(queue);
        mustBe(`whether queue ${queue} is enabled`, false, enabled);
        mustBe(`the address of queue ${queue}`, 0, setup.descriptors);
      }
    },
  ),
  live(
    '2.4.1',
    'forgets',
    'After a reset resources and contexts are gone: their ids are free, and all is given back.',
    async (driver) => {
      const made = [create2d(1, 64, 64), ctxCreate(1, BELL)];
      await driver.mustAnswer(responses.OK_NODATA, ...made);
      driver.device.writeStatus(0);
      await driver.kick();
      mustBe('resources of the renderer', 0, driver.renderer.alive);
      driver.start();
      await driver.mustAnswer(responses.OK_NODATA, ...made);
    },
  ),
  live('2.4.1', 'anew', 'After a reset other features can be agreed on.', async (driver) => {
    driver.device.writeStatus(0);
    mustBe('the features of the driver', 0n, driver.device.driverFeatures);
    driver.start(setOf(bits.VERSION_1));
    await driver.mustRefuse('a command whose feature was not agreed on again', getEdid(0));
  }),
  live(
    '2.6.1.1.1',
    'queue-reset-silent',
    'After a queue was reset nothing of it is executed, and nothing is notified for it.',
    async (driver) => {
      await holdOne(driver);
      driver.device.resetQueue(CONTROL);
      mustBe('whether it is enabled', false, driver.device.queue(CONTROL).enabled);
      driver.send(getDisplayInfo());
      await mustBeSilent(driver, 'after the reset of a queue');
    },
  ),
  live(
    '2.6.1.2.1',
    'queue-anew',
    'A queue that was reset can be enabled anew, of another size, and begins at its first entry.',
    async (driver) => {
      for (let count = 0; count < 3; count++) {
        await driver.ask(getDisplayInfo());
      }
      driver.device.resetQueue(CONTROL);
      driver.setUpQueue(CONTROL, 8);
      mustBe('the size', 8, driver.device.queue(CONTROL).setup.size);
      for (let count = 0; count < 9; count++) {
        await driver.mustAnswer(responses.OK_DISPLAY_INFO, getDisplayInfo());
      }
    },
  ),
  check(
    '3.2.1',
    'none-at-driver-ok',
    'Going live is no change of the configuration: no notification, the same generation.',
    async (driver) => {
      const { configGeneration } = driver.device;
      driver.start();
      await driver.kick();
      mustBe('configuration change notifications', 0, driver.configChanges);
      mustBe('the generation', configGeneration, driver.device.configGeneration);
    },
  ),
  live(
    '2.9',
    'notified-of-used',
    'The driver is notified of a buffer that was used, and of no other queue.',
    async (driver) => {
      await driver.ask(getDisplayInfo());
      await driver.time.settle();
      mustBe('used buffer notifications by queue', [1, 0], driver.notified);
    },
  ),
  check(
    '3.1.1',
    'steps-one-by-one',
    'FEATURES_OK is not taken before ACKNOWLEDGE and DRIVER.',
    ({ device }) => {
      device.driverFeatures = device.features;
      device.writeStatus(FEATURES_OK);
      mustBe('FEATURES_OK', 0, device.status & FEATURES_OK);
    },
  ),
];
