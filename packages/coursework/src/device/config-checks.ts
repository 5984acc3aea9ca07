/** The configuration of a virtio-gpu: VIRTIO 1.3 §2.5, §3.2.1, §5.7.4. */
import type { Check } from '../check/check.ts';
import type { DevicePart } from '../part.ts';
import { responses, wordAt } from '../virtio/gpu-bytes.ts';
import { must, mustBe } from '../virtio/must.ts';
import { check, live } from './device-check.ts';
import { HEIGHT, WIDTH, type MockDriver } from './mock-driver.ts';
import { getDisplayInfo } from './requests.ts';

/** struct virtio_gpu_config, and its fields by place in bytes. */
const CONFIG_BYTES = 16;
const EVENTS_READ = 0;
const EVENTS_CLEAR = 4;
const NUM_SCANOUTS = 8;
const NUM_CAPSETS = 12;
const EVENT_DISPLAY = 1;

function configOf({ device }: MockDriver): Uint8Array {
  const config = new Uint8Array(CONFIG_BYTES);
  device.readConfig(0, config);
  return config;
}

function write({ device }: MockDriver, offset: number, value: number): void {
  device.writeConfig(offset, Uint8Array.of(value, 0, 0, 0));
}

export const configChecks: readonly Check<DevicePart>[] = [
  check(
    '2.5.2',
    'readable-before-features-ok',
    'Each field can be read before FEATURES_OK, and is then as it is later.',
    (driver) => {
      const before = configOf(driver);
      const scanouts = wordAt(before, NUM_SCANOUTS);
      must(scanouts >= 1 && scanouts <= 16, 'num_scanouts from 1 to 16', String(scanouts));
      driver.start();
      mustBe('the configuration once it is live', [...before], [...configOf(driver)]);
    },
  ),
  check(
    '2.5.2',
    'any-part',
    'Any part of it can be read, and behind its end are zeros.',
    (driver) => {
      const whole = configOf(driver);
      for (const [offset, bytes] of [
        [NUM_SCANOUTS, 4],
        [NUM_SCANOUTS + 1, 1],
        [NUM_CAPSETS, 8],
        [CONFIG_BYTES, 4],
      ]) {
        const part = new Uint8Array(bytes).fill(0xee);
        driver.device.readConfig(offset, part);
        const padded = [...whole, ...Array<number>(8).fill(0)];
        mustBe(`bytes from ${offset}`, padded.slice(offset, offset + bytes), [...part]);
      }
    },
  ),
  live(
    '5.7.4.1',
    'read-only',
    'What a driver writes to fields that are not its own changes nothing.',
    (driver) => {
      const before = configOf(driver);
      for (const offset of [EVENTS_READ, NUM_SCANOUTS, NUM_CAPSETS]) {
        write(driver, offset, 7);
      }
      mustBe('the configuration', [...before], [...configOf(driver)]);
    },
  ),
  live(
    '3.2.1',
    'display-changed',
    'A change of the display is an event in events_read, and is notified.',
    (driver) => {
      driver.device.resize(2 * WIDTH, HEIGHT);
      mustBe('events_read', EVENT_DISPLAY, wordAt(configOf(driver), EVENTS_READ));
      mustBe('configuration change notifications', 1, driver.configChanges);
    },
  ),
  live(
    '2.5',
    'generation',
    'The generation changes with each change of the configuration, and with nothing else.',
    async (driver) => {
      const seen = new Set([driver.device.configGeneration]);
      for (let change = 1; change <= 3; change++) {
        driver.device.resize(WIDTH + 8 * change, HEIGHT);
        must(
          !seen.has(driver.device.configGeneration),
          `another generation after change ${change}`,
          String(driver.device.configGeneration),
        );
        seen.add(driver.device.configGeneration);
      }
      const { configGeneration } = driver.device;
      configOf(driver);
      await driver.ask(getDisplayInfo());
      mustBe('the generation', configGeneration, driver.device.configGeneration);
    },
  ),
  live(
    '5.7.4.1',
    'events-clear',
    'What is written to events_clear is cleared in events_read; writing to events_read clears nothing.',
    (driver) => {
      driver.device.resize(2 * WIDTH, HEIGHT);
      write(driver, EVENTS_READ, EVENT_DISPLAY);
      mustBe('events_read, which was written', 1, wordAt(configOf(driver), EVENTS_READ));
      write(driver, EVENTS_CLEAR, 2);
      mustBe('events_read, when another bit was cleared', 1, wordAt(configOf(driver), EVENTS_READ));
      write(driver, EVENTS_CLEAR, EVENT_DISPLAY);
      mustBe('events_read, when it was cleared', 0, wordAt(configOf(driver), EVENTS_READ));
      mustBe('events_clear', 0, wordAt(configOf(driver), EVENTS_CLEAR));
    },
  ),
  live(
    '5.7.4.2',
    'new-mode',
    'After a change of the display GET_DISPLAY_INFO tells the new mode.',
    async (driver) => {
      driver.device.resize(2 * WIDTH, HEIGHT + 8);
      const answer = await driver.ask(getDisplayInfo());
      mustBe('the type', responses.OK_DISPLAY_INFO, wordAt(answer, 0));
      mustBe('the width', 2 * WIDTH, wordAt(answer, 24 + 8));
      mustBe('the height', HEIGHT + 8, wordAt(answer, 24 + 12));
    },
  ),
];
