/** What a device offers, and what it does with what a driver accepts: VIRTIO 1.3 §2.2, §5.7.3, §6. */
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import type { DevicePart } from '../part.ts';
import { bits, responses, setOf } from '../virtio/gpu-bytes.ts';
import { hex, must, mustBe } from '../virtio/must.ts';
import { check, live } from './device-check.ts';
import { CURSOR, CONTROL, status } from './mock-driver.ts';
import { createBlob, getCapsetInfo, getEdid } from './requests.ts';

const FEATURES_OK = 8;
/** What a virtio-gpu may offer without a word about its transport. */
const known = setOf(
  ...[bits.VIRGL, bits.EDID, bits.RESOURCE_UUID, bits.RESOURCE_BLOB, bits.CONTEXT_INIT],
  ...[bits.INDIRECT_DESC, bits.EVENT_IDX, bits.VERSION_1, bits.ACCESS_PLATFORM],
  ...[bits.RING_PACKED, bits.IN_ORDER, bits.ORDER_PLATFORM, bits.RING_RESET],
);

function has(set: bigint, bit: number): boolean {
  return (set & setOf(bit)) !== 0n;
}

/** Whether the device confirms FEATURES_OK when a driver accepts these. */
function confirms(
  { device }: Parameters<Parameters<typeof check>[3]>[0],
  features: bigint,
): boolean {
  device.writeStatus(0);
  device.writeStatus(status.FOUND);
  device.writeStatus(status.DRIVEN);
  device.driverFeatures = features;
  device.writeStatus(status.AGREED);
  return (device.status & FEATURES_OK) !== 0;
}

export const featureChecks: readonly Check<DevicePart>[] = [
  check('6.2', 'version-1', 'VIRTIO_F_VERSION_1 is offered.', ({ device }) => {
    must(has(device.features, bits.VERSION_1), 'bit 32 to be offered', hex(device.features));
  }),
  check(
    '6.2',
    'no-sr-iov',
    'VIRTIO_F_SR_IOV is not offered by a device without that capability.',
    ({ device }) => {
      must(!has(device.features, bits.SR_IOV), 'bit 37 not to be offered', hex(device.features));
    },
  ),
  check(
    '2.2.2',
    'offers-dependencies',
    'CONTEXT_INIT is not offered without VIRGL, which it needs.',
    ({ device }) => {
      const { features } = device;
      if (has(features, bits.CONTEXT_INIT) && !has(features, bits.VIRGL)) {
        throw new Mismatch('bit 0 to be offered with bit 4', hex(features));
      }
    },
  ),
  check(
    '2.2.2',
    'offers-known',
    'Nothing is offered that is reserved, of another kind of device, or of one transport alone.',
    ({ device }) => {
      mustBe('what is offered beside what a GPU may offer', 0n, device.features & ~known);
    },
  ),
  check(
    '2.2.2',
    'refuses-not-offered',
    'FEATURES_OK is not confirmed when a feature was accepted that was not offered.',
    (driver) => {
      const { features } = driver.device;
      for (const bit of [23, 30, bits.SR_IOV, 45, 64]) {
        const isConfirmed = confirms(driver, features | setOf(bit));
        must(!isConfirmed, `FEATURES_OK to be refused with bit ${bit}`, 'it was confirmed');
      }
    },
  ),
  check(
    '2.2.2',
    'refuses-without-dependency',
    'FEATURES_OK is not confirmed when CONTEXT_INIT was accepted without VIRGL.',
    (driver) => {
      const accepted = (driver.device.features | setOf(bits.CONTEXT_INIT)) & ~setOf(bits.VIRGL);
      must(!confirms(driver, accepted), 'FEATURES_OK to be refused', 'it was confirmed');
    },
  ),
  check(
    '2.2.2',
    'again',
    'Features that were agreed on once are agreed on again, after a reset.',
    (driver) => {
      const { features } = driver.device;
      for (const time of ['first', 'second', 'third']) {
        must(confirms(driver, features), `FEATURES_OK the ${time} time`, 'it was refused');
      }
    },
  ),
  check(
    '2.2.2',
    'refused-and-mended',
    'After FEATURES_OK was refused, a driver that resets the device may choose others.',
    (driver) => {
      const { features } = driver.device;
      confirms(driver, features | setOf(45));
      must(confirms(driver, features), 'FEATURES_OK', 'it was refused');
    },
  ),
  check(
    '3.1.1',
    'settled',
    'Features that are written after FEATURES_OK change nothing.',
    async (driver) => {
      driver.negotiate(setOf(bits.VERSION_1));
      driver.device.driverFeatures = driver.device.features;
      mustBe('the features', setOf(bits.VERSION_1), driver.device.driverFeatures);
      driver.setUpQueue(CONTROL);
      driver.setUpQueue(CURSOR);
      driver.device.writeStatus(status.LIVE);
      await driver.mustRefuse('a command of a feature that came too late', getEdid(0));
    },
  ),
  check(
    '5.7.3',
    'commands-need-features',
    'Commands of features that were not agreed on are refused.',
    async (driver) => {
      driver.start(setOf(bits.VERSION_1));
      await driver.mustRefuse('GET_EDID without EDID', getEdid(0));
      await driver.mustRefuse('GET_CAPSET_INFO without VIRGL', getCapsetInfo(0));
      const blob = createBlob(1, 1, [[0x8_0000, 4096]]);
      await driver.mustRefuse('RESOURCE_CREATE_BLOB without RESOURCE_BLOB', blob);
    },
  ),
  live('5.7.3', 'edid', 'With EDID agreed on there is an EDID of the display.', async (driver) => {
    const answer = await driver.ask(getEdid(0));
    mustBe('the type', responses.OK_EDID, new DataView(answer.buffer).getUint32(0, true));
    mustBe('the length', 24 + 8 + 1024, answer.length);
    mustBe('the first bytes', [0, 255, 255, 255, 255, 255, 255, 0], [...answer.slice(32, 40)]);
    const sum = answer.slice(32, 32 + 128).reduce((total, byte) => total + byte, 0);
    mustBe('the sum of the bytes of a block, modulo 256', 0, sum % 256);
  }),
];
