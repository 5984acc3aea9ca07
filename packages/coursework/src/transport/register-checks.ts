/** Finding the device, its status, features and configuration: VIRTIO 1.3 §4.1.2 to §4.1.4, §2.1 to §2.5. */
import { type0Header, virtioPciCaps } from '@doorbell/abi';
import { TestFunction } from '@doorbell/pv-frontend/testing';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { TransportPart } from '../part.ts';
import { check, mustRefuse, mustReject, opened, VECTORS } from './opened.ts';

const { DEVICE_ID, VENDOR_ID } = type0Header.rows;

export const findingChecks: readonly Check<TransportPart>[] = [
  check(
    '4.1.2',
    'ids',
    'A function of another vendor, or a transitional one, is refused.',
    (part) => {
      const other = new TestFunction(VECTORS);
      other.config.write(VENDOR_ID.offset, 2, 0x8086);
      mustRefuse(part, 'a function of vendor 8086h', other);
      const transitional = new TestFunction(VECTORS);
      transitional.config.write(DEVICE_ID.offset, 2, 0x1010);
      mustRefuse(part, 'device 1010h', transitional);
    },
  ),
  opened(
    '4.1.2',
    'device-id',
    'The kind of device is what its PCI device id says, less 1040h.',
    async ({ transport }) => {
      mustBe('deviceId', 16, transport.deviceId);
    },
  ),
  opened(
    '4.1.4.1',
    'first-of-a-kind',
    'Of each kind of structure the first is used; unknown kinds and reserved BARs are ignored.',
    async ({ fn, transport }) => {
      await transport.writeStatus(1);
      mustBe('DEVICE_STATUS in the first common structure', 1, fn.common.get('DEVICE_STATUS'));
    },
  ),
  check(
    '4.1.4.1',
    'lacks-a-structure',
    'A function that lacks a structure, or has an empty one or one beyond its BAR, is refused.',
    (part) => {
      const without = TestFunction.structures.filter(({ kind }) => kind !== virtioPciCaps.NOTIFY);
      mustRefuse(part, 'one without a notification structure', new TestFunction(VECTORS, without));
      const beyond = TestFunction.structures.map((where) =>
        where.kind === virtioPciCaps.COMMON ? { ...where, offset: 0x3fff } : where,
      );
      mustRefuse(part, 'one with a structure beyond its BAR', new TestFunction(VECTORS, beyond));
      const empty = TestFunction.structures.map((where) =>
        where.kind === virtioPciCaps.ISR ? { ...where, length: 0 } : where,
      );
      mustRefuse(part, 'one with a structure of no bytes', new TestFunction(VECTORS, empty));
    },
  ),
];

export const initChecks: readonly Check<TransportPart>[] = [
  opened(
    '2.1',
    'status',
    'The status that is written is the one that is read.',
    async ({ transport }) => {
      await transport.writeStatus(3);
      mustBe('the status', 3, await transport.readStatus());
    },
  ),
  opened(
    '4.1.4.3.2',
    'reset-waits',
    'A reset is over when the device reads 0, and not before.',
    async ({ fn, transport }) => {
      fn.looksToReset = 5;
      await transport.writeStatus(0);
      mustBe('what the device reads then', 0, fn.common.read(0x14, 1));
    },
  ),
  opened(
    '4.1.4.3.2',
    'reset-gives-up',
    'A device that never reads 0 after a reset is an error, not a wait for ever.',
    async ({ fn, transport }) => {
      fn.looksToReset = Infinity;
      await mustReject('the device does not come out of its reset', () => transport.writeStatus(0));
    },
  ),
  opened(
    '4.1.4.3',
    'device-features',
    'Features are read by halves, low and high.',
    async ({ transport }) => {
      mustBe('features', '130000003', (await transport.deviceFeatures()).toString(16));
    },
  ),
  opened(
    '4.1.4.3',
    'driver-features',
    'Features are written by halves, each behind its selection; all of them before it resolves.',
    async ({ fn, transport }) => {
      await transport.setDriverFeatures(0x1_20000001n);
      mustBe('halves', '0:20000001 1:1', halvesOf(fn.features));
    },
  ),
  opened(
    '2.5.1',
    'one-generation',
    'A configuration that changes while it is read is read again.',
    async ({ fn, transport }) => {
      fn.changes = (reads) => {
        if (reads === 1) {
          fn.generation++;
          fn.deviceConfig.write(0, 4, 2);
          fn.deviceConfig.write(4, 4, 2);
        }
      };
      fn.deviceConfig.write(0, 4, 1);
      fn.deviceConfig.write(4, 4, 1);
      const read = await transport.readConfig(0, 8);
      mustBe('both words', [2, 2], [read[0], read[4]]);
    },
  ),
  opened(
    '2.5.1',
    'never-still',
    'A configuration whose generation never stays is an error, not a loop for ever.',
    async ({ fn, transport }) => {
      fn.changes = () => {
        fn.generation++;
      };
      await mustReject('the configuration never stands still', () => transport.readConfig(0, 4));
    },
  ),
  opened(
    '4.1.3.1',
    'config-widths',
    'Fields of 32 bits are read by 32 bits, at their place; what is before and behind byte by byte.',
    async ({ fn, transport }) => {
      fn.deviceConfig.write(8, 4, 0x0403_0201);
      const read = await transport.readConfig(6, 6);
      mustBe('bytes', [0, 0, 1, 2, 3, 4], [...read]);
      const reads = [
        [6, 1],
        [7, 1],
        [8, 4],
      ];
      mustBe('reads, as offset and width', reads, fn.configReads);
    },
  ),
  opened(
    '4.1.4.6',
    'config-write',
    'Bytes that are written to the configuration are there.',
    async ({ fn, transport }) => {
      await transport.writeConfig(4, Uint8Array.of(1, 2, 3, 4, 5));
      mustBe(
        'a word and a byte',
        [0x0403_0201, 5],
        [fn.deviceConfig.read(4, 4), fn.deviceConfig.read(8, 1)],
      );
    },
  ),
  opened(
    '4.1.4.6',
    'config-end',
    'Nothing beyond the structure is read or written.',
    async ({ transport }) => {
      await mustReject('beyond its configuration', () => transport.readConfig(0xfe, 4));
      await mustReject('beyond its configuration', () =>
        transport.writeConfig(0xfe, new Uint8Array(4)),
      );
    },
  ),
];

function halvesOf(written: readonly (readonly number[])[]): string {
  return [...written]
    .sort(([one], [other]) => one - other)
    .map(([half, value]) => `${half}:${value.toString(16)}`)
    .join(' ');
}
