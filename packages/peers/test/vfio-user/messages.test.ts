import { expect, it } from 'vitest';
import {
  vfioDeviceInfo,
  vfioIrqInfo,
  vfioIrqSet,
  vfioRegionInfo,
  vfioUserCommand,
  vfioUserDmaMap,
  vfioUserDmaUnmap,
  vfioUserHeader,
  vfioUserRegionAccess,
  vfioUserSingleWrite,
  vfioUserVersion,
  vfioUserWriteMulti,
} from '../../src/vfio-user/messages.ts';

/* By hand from the tables of QEMU 11.1's docs/interop/vfio-user.rst. */
const bytes = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/ /g, ''), 'hex'));

it('has a header of 16 bytes', () => {
  expect(vfioUserHeader.decode(bytes('3412 0900 20000000 10000000 16000000'))).toEqual({
    ...{ id: 0x1234, command: 9, size: 32, flags: 0x10, error: 22 },
  });
});

it('numbers the commands as the table of commands does', () => {
  expect(Object.values(vfioUserCommand)).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18,
  ]);
});

it('maps a range by 32 bytes, and unmaps it by 24', () => {
  const range = bytes('20000000 03000000 0000100000000000 0000000001000000 0000f00300000000');
  expect(vfioUserDmaMap.decode(range)).toEqual({
    ...{ argsz: 32, flags: 3, offset: 0x100000, address: 0x1_0000_0000, size: 0x3f00000 },
  });
  expect(vfioUserDmaMap.size).toBe(32);
  const unmap = bytes('18000000 00000000 0000000001000000 0000f00300000000');
  expect(vfioUserDmaUnmap.decode(unmap)).toEqual({
    ...{ argsz: 24, flags: 0, address: 0x1_0000_0000, size: 0x3f00000 },
  });
});

it('describes a device, a region and an interrupt', () => {
  expect(vfioDeviceInfo.encode({ argsz: 16, flags: 3, regions: 9, irqs: 5 })).toEqual(
    bytes('10000000 03000000 09000000 05000000'),
  );
  const region = { argsz: 32, flags: 7, index: 2, capOffset: 0, size: 4096, offset: 0 };
  expect(vfioRegionInfo.encode(region)).toEqual(
    bytes('20000000 07000000 02000000 00000000 0010000000000000 0000000000000000'),
  );
  expect(vfioIrqInfo.encode({ argsz: 16, flags: 9, index: 1, count: 1 })).toEqual(
    bytes('10000000 09000000 01000000 01000000'),
  );
});

it('sets interrupts by 20 bytes', () => {
  expect(vfioIrqSet.decode(bytes('14000000 24000000 01000000 00000000 01000000'))).toEqual({
    ...{ argsz: 20, flags: 0x24, index: 1, start: 0, count: 1 },
  });
});

it('accesses a region by 16 bytes before the data', () => {
  expect(vfioUserRegionAccess.decode(bytes('0405000000000000 02000000 04000000'))).toEqual({
    ...{ offset: 0x504, region: 2, count: 4 },
  });
});

it('writes many times by 8 bytes, and 24 for each', () => {
  expect(vfioUserWriteMulti.decode(bytes('0200000000000000'))).toEqual({ count: 2 });
  const write = bytes('6000000000000000 00000000 04000000 efbeadde00000000');
  expect(vfioUserSingleWrite.decode(write)).toEqual({
    ...{ offset: 0x60, region: 0, count: 4, data: bytes('efbeadde00000000') },
  });
});

it('begins with 4 bytes of version', () => {
  expect(vfioUserVersion.decode(bytes('0000 0100'))).toEqual({ major: 0, minor: 1 });
});
