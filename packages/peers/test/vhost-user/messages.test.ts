/** Bytes typed in from QEMU's docs/interop/vhost-user.rst and vhost-user-gpu.rst, little-endian. */
import { expect, it } from 'vitest';
import {
  gpuCursorPos,
  gpuCursorUpdate,
  gpuDisplayInfo,
  gpuHeader,
  gpuRequests,
  gpuScanout,
  gpuUpdate,
} from '../../src/vhost-user/gpu-messages.ts';
import {
  configAccess,
  memoryRegion,
  memoryTable,
  messageFlags,
  messageHeader,
  requests,
  u64Payload,
  vringAddresses,
  vringFile,
  vringState,
} from '../../src/vhost-user/messages.ts';

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const bytes = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const same = (value: Uint8Array, text: string): void => {
  expect(bytes(value)).toBe(bytes(hex(text)));
};

it('has a header of request, flags and size: SET_MEM_TABLE with need_reply, version 1', () => {
  const { VERSION, NEED_REPLY } = messageFlags;
  const flags = VERSION | NEED_REPLY;
  same(messageHeader.encode({ request: 5, flags, size: 40 }), '05000000 09000000 28000000');
});

it('has the numbers of requests', () => {
  expect(requests).toEqual({
    ...{ GET_FEATURES: 1, SET_FEATURES: 2, SET_OWNER: 3, RESET_OWNER: 4, SET_MEM_TABLE: 5 },
    ...{ SET_VRING_NUM: 8, SET_VRING_ADDR: 9, SET_VRING_BASE: 10, GET_VRING_BASE: 11 },
    ...{ SET_VRING_KICK: 12, SET_VRING_CALL: 13, SET_VRING_ERR: 14 },
    ...{ GET_PROTOCOL_FEATURES: 15, SET_PROTOCOL_FEATURES: 16, GET_QUEUE_NUM: 17 },
    ...{ SET_VRING_ENABLE: 18, GET_CONFIG: 24, SET_CONFIG: 25 },
    ...{ GPU_SET_SOCKET: 33, RESET_DEVICE: 34 },
  });
  expect(gpuRequests).toEqual({
    ...{ GET_PROTOCOL_FEATURES: 1, SET_PROTOCOL_FEATURES: 2, GET_DISPLAY_INFO: 3 },
    ...{ CURSOR_POS: 4, CURSOR_POS_HIDE: 5, CURSOR_UPDATE: 6, SCANOUT: 7, UPDATE: 8 },
  });
});

it('has payloads', () => {
  same(u64Payload.encode({ value: 0x101_7000_0000n }), '0000007001010000');
  same(vringState.encode({ index: 1, num: 16 }), '01000000 10000000');
  same(
    vringAddresses.encode({
      ...{ index: 1, flags: 0, descriptor: 0x7f01_0203_1000n, used: 0x7f01_0203_3000n },
      ...{ available: 0x7f01_0203_2000n, log: 0n },
    }),
    '01000000 00000000 001003020 17f0000 003003020 17f0000 002003020 17f0000 0000000000000000',
  );
  same(memoryTable.encode({ regions: 2, padding: 0 }), '02000000 00000000');
  same(
    memoryRegion.encode({
      ...{ guestAddress: 0x1_0000_0000n, size: 0x400_0000n },
      ...{ userAddress: 0x7f01_0203_0000n, mmapOffset: 0xc_0000n },
    }),
    '0000000001000000 0000000400000000 000003020 17f0000 00000c0000000000',
  );
  same(configAccess.encode({ offset: 0, size: 16, flags: 0 }), '00000000 10000000 00000000');
  expect(vringFile).toEqual({ INDEX_MASK: 0xff, NO_DESCRIPTOR: 0x100 });
});

it('has the messages of the GPU socket', () => {
  same(gpuHeader.encode({ request: 7, flags: 0, size: 12 }), '07000000 00000000 0c000000');
  same(gpuScanout.encode({ scanout: 0, width: 640, height: 480 }), '00000000 80020000 e0010000');
  same(
    gpuUpdate.encode({ scanout: 0, x: 1, y: 2, width: 3, height: 4 }),
    '00000000 01000000 02000000 03000000 04000000',
  );
  same(gpuCursorPos.encode({ scanout: 0, x: 16, y: 32 }), '00000000 10000000 20000000');
  const cursor = new Uint8Array(64 * 64 * 4).fill(0x77);
  const update = gpuCursorUpdate.encode({
    ...{ pos: { scanout: 0, x: 16, y: 32 }, hotX: 5, hotY: 6, cursor },
  });
  expect(update).toHaveLength(20 + 16384);
  same(update.subarray(0, 24), '00000000 10000000 20000000 05000000 06000000 77777777');
  expect(gpuDisplayInfo.size).toBe(408);
});
