/**
 * Golden bytes of every command and response of the GPU device (VIRTIO 1.3 §5.7.6). Compared with
 * what a C compiler makes of Linux's include/uapi/linux/virtio_gpu.h.
 */
import type { GpuCommandName, GpuResponseName } from '../src/virtio-gpu.ts';

export interface GoldenCase {
  /** The header's type. */
  readonly type: number;
  /** Bytes of the fixed part, with its header. */
  readonly size: number;
  /** What follows the header. */
  readonly value: Readonly<Record<string, unknown>>;
  /** The bytes after the header; those that are missing are 0. */
  readonly golden: string;
}

function padded(length: number, ...first: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(first);
  return bytes;
}

/** A display at (x, x + 1), with flags x + 2. */
const screen = (x: number) => ({
  r: { x, y: x + 1, width: 0x280, height: 0x1e0 },
  enabled: 1,
  flags: x + 2,
});
const dark = { r: { x: 0, y: 0, width: 0, height: 0 }, enabled: 0, flags: 0 };

export const commandCases: Readonly<Record<GpuCommandName, GoldenCase>> = {
  GET_DISPLAY_INFO: {
    type: 0x0100,
    size: 24,
    value: {},
    golden: '',
  },
  RESOURCE_CREATE_2D: {
    type: 0x0101,
    size: 40,
    value: { resource_id: 0x80000005, format: 0x43, width: 0x280, height: 0x1e0 },
    golden: '05 00 00 80 43 00 00 00 80 02 00 00 e0 01 00 00',
  },
  RESOURCE_UNREF: {
    type: 0x0102,
    size: 32,
    value: { resource_id: 0x80000005, padding: 0 },
    golden: '05 00 00 80',
  },
  SET_SCANOUT: {
    type: 0x0103,
    size: 48,
    value: {
      r: { x: 0x21, y: 0x22, width: 0x280, height: 0x1e0 },
      scanout_id: 0xf,
      resource_id: 5,
    },
    golden: `21 00 00 00 22 00 00 00 80 02 00 00 e0 01 00 00
      0f 00 00 00 05 00 00 00`,
  },
  RESOURCE_FLUSH: {
    type: 0x0104,
    size: 48,
    value: {
      r: { x: 0x21, y: 0x22, width: 0x280, height: 0x1e0 },
      resource_id: 0x80000005,
      padding: 0,
    },
    golden: `21 00 00 00 22 00 00 00 80 02 00 00 e0 01 00 00
      05 00 00 80`,
  },
  TRANSFER_TO_HOST_2D: {
    type: 0x0105,
    size: 56,
    value: {
      r: { x: 0x21, y: 0x22, width: 0x280, height: 0x1e0 },
      offset: 0x0102030405060708n,
      resource_id: 0x80000005,
      padding: 0,
    },
    golden: `21 00 00 00 22 00 00 00 80 02 00 00 e0 01 00 00
      08 07 06 05 04 03 02 01 05 00 00 80`,
  },
  RESOURCE_ATTACH_BACKING: {
    type: 0x0106,
    size: 32,
    value: { resource_id: 5, nr_entries: 0x3f },
    golden: '05 00 00 00 3f 00 00 00',
  },
  RESOURCE_DETACH_BACKING: {
    type: 0x0107,
    size: 32,
    value: { resource_id: 0x80000005, padding: 0 },
    golden: '05 00 00 80',
  },
  GET_CAPSET_INFO: {
    type: 0x0108,
    size: 32,
    value: { capset_index: 2, padding: 0 },
    golden: '02 00 00 00',
  },
  GET_CAPSET: {
    type: 0x0109,
    size: 32,
    value: { capset_id: 0x30, capset_version: 1 },
    golden: '30 00 00 00 01 00 00 00',
  },
  GET_EDID: {
    type: 0x010a,
    size: 32,
    value: { scanout: 3, padding: 0 },
    golden: '03 00 00 00',
  },
  RESOURCE_ASSIGN_UUID: {
    type: 0x010b,
    size: 32,
    value: { resource_id: 0x80000005, padding: 0 },
    golden: '05 00 00 80',
  },
  RESOURCE_CREATE_BLOB: {
    type: 0x010c,
    size: 56,
    value: {
      resource_id: 5,
      blob_mem: 1,
      blob_flags: 6,
      nr_entries: 2,
      blob_id: 0x1112131415161718n,
      size: 0x2122232425262728n,
    },
    golden: `05 00 00 00 01 00 00 00 06 00 00 00 02 00 00 00
      18 17 16 15 14 13 12 11 28 27 26 25 24 23 22 21`,
  },
  SET_SCANOUT_BLOB: {
    type: 0x010d,
    size: 96,
    value: {
      r: { x: 0x21, y: 0x22, width: 0x280, height: 0x1e0 },
      scanout_id: 1,
      resource_id: 2,
      width: 3,
      height: 4,
      format: 0x86,
      padding: 0,
      strides: [0x11, 0x12, 0x13, 0x14],
      offsets: [0x21, 0x22, 0x23, 0x24],
    },
    golden: `21 00 00 00 22 00 00 00 80 02 00 00 e0 01 00 00
      01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00
      86 00 00 00 00 00 00 00 11 00 00 00 12 00 00 00
      13 00 00 00 14 00 00 00 21 00 00 00 22 00 00 00
      23 00 00 00 24 00 00 00`,
  },
  CTX_CREATE: {
    type: 0x0200,
    size: 96,
    value: { nlen: 4, context_init: 0x30, debug_name: padded(64, 0x62, 0x65, 0x6c, 0x6c) },
    golden: '04 00 00 00 30 00 00 00 62 65 6c 6c',
  },
  CTX_DESTROY: {
    type: 0x0201,
    size: 24,
    value: {},
    golden: '',
  },
  CTX_ATTACH_RESOURCE: {
    type: 0x0202,
    size: 32,
    value: { resource_id: 0x80000005, padding: 0 },
    golden: '05 00 00 80',
  },
  CTX_DETACH_RESOURCE: {
    type: 0x0203,
    size: 32,
    value: { resource_id: 0x80000005, padding: 0 },
    golden: '05 00 00 80',
  },
  RESOURCE_CREATE_3D: {
    type: 0x0204,
    size: 72,
    value: {
      resource_id: 1,
      target: 2,
      format: 3,
      bind: 4,
      width: 5,
      height: 6,
      depth: 7,
      array_size: 8,
      last_level: 9,
      nr_samples: 0xa,
      flags: 0xb,
      padding: 0,
    },
    golden: `01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00
      05 00 00 00 06 00 00 00 07 00 00 00 08 00 00 00
      09 00 00 00 0a 00 00 00 0b 00 00 00`,
  },
  TRANSFER_TO_HOST_3D: {
    type: 0x0205,
    size: 72,
    value: {
      box: { x: 1, y: 2, z: 3, w: 4, h: 5, d: 6 },
      offset: 0x0102030405060708n,
      resource_id: 7,
      level: 8,
      stride: 9,
      layer_stride: 0xa,
    },
    golden: `01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00
      05 00 00 00 06 00 00 00 08 07 06 05 04 03 02 01
      07 00 00 00 08 00 00 00 09 00 00 00 0a 00 00 00`,
  },
  TRANSFER_FROM_HOST_3D: {
    type: 0x0206,
    size: 72,
    value: {
      box: { x: 1, y: 2, z: 3, w: 4, h: 5, d: 6 },
      offset: 0x0102030405060708n,
      resource_id: 7,
      level: 8,
      stride: 9,
      layer_stride: 0xa,
    },
    golden: `01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00
      05 00 00 00 06 00 00 00 08 07 06 05 04 03 02 01
      07 00 00 00 08 00 00 00 09 00 00 00 0a 00 00 00`,
  },
  SUBMIT_3D: {
    type: 0x0207,
    size: 32,
    value: { size: 0x1234, padding: 0 },
    golden: '34 12 00 00',
  },
  RESOURCE_MAP_BLOB: {
    type: 0x0208,
    size: 40,
    value: { resource_id: 5, padding: 0, offset: 0x0102030405060708n },
    golden: '05 00 00 00 00 00 00 00 08 07 06 05 04 03 02 01',
  },
  RESOURCE_UNMAP_BLOB: {
    type: 0x0209,
    size: 32,
    value: { resource_id: 0x80000005, padding: 0 },
    golden: '05 00 00 80',
  },
  UPDATE_CURSOR: {
    type: 0x0300,
    size: 56,
    value: {
      pos: { scanout_id: 1, x: 0x102, y: 0x304, padding: 0 },
      resource_id: 9,
      hot_x: 0x1f,
      hot_y: 0x3f,
      padding: 0,
    },
    golden: `01 00 00 00 02 01 00 00 04 03 00 00 00 00 00 00
      09 00 00 00 1f 00 00 00 3f 00 00 00`,
  },
  MOVE_CURSOR: {
    type: 0x0301,
    size: 56,
    value: {
      pos: { scanout_id: 1, x: 0x102, y: 0x304, padding: 0 },
      resource_id: 9,
      hot_x: 0x1f,
      hot_y: 0x3f,
      padding: 0,
    },
    golden: `01 00 00 00 02 01 00 00 04 03 00 00 00 00 00 00
      09 00 00 00 1f 00 00 00 3f 00 00 00`,
  },
};

/** All other responses are a header alone. */
export const responseCases: Readonly<Partial<Record<GpuResponseName, GoldenCase>>> = {
  OK_NODATA: {
    type: 0x1100,
    size: 24,
    value: {},
    golden: '',
  },
  OK_DISPLAY_INFO: {
    type: 0x1101,
    size: 408,
    value: { pmodes: [screen(1), screen(0x11), ...Array.from({ length: 14 }, () => dark)] },
    golden: `01 00 00 00 02 00 00 00 80 02 00 00 e0 01 00 00
      01 00 00 00 03 00 00 00 11 00 00 00 12 00 00 00
      80 02 00 00 e0 01 00 00 01 00 00 00 13 00 00 00`,
  },
  OK_CAPSET_INFO: {
    type: 0x1102,
    size: 40,
    value: { capset_id: 0x30, capset_max_version: 1, capset_max_size: 0x30, padding: 0 },
    golden: '30 00 00 00 01 00 00 00 30 00 00 00',
  },
  OK_CAPSET: {
    type: 0x1103,
    size: 24,
    value: {},
    golden: '',
  },
  OK_EDID: {
    type: 0x1104,
    size: 1056,
    value: { size: 0x80, padding: 0, edid: padded(1024, 0x00, 0xff, 0xee) },
    golden: '80 00 00 00 00 00 00 00 00 ff ee 00',
  },
  OK_RESOURCE_UUID: {
    type: 0x1105,
    size: 40,
    value: { uuid: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16) },
    golden: '01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10',
  },
  OK_MAP_INFO: {
    type: 0x1106,
    size: 32,
    value: { map_info: 3, padding: 0 },
    golden: '03 00 00 00',
  },
};
