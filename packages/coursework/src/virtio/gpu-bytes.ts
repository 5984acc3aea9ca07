/**
 * The bytes of virtio-gpu, typed in from VIRTIO 1.3 §5.7.6.7 to §5.7.6.10: this project's own layouts
 * are under test where a device or its driver is, so nothing of them is used here.
 */

/** Types of commands. */
export const types = {
  GET_DISPLAY_INFO: 0x100,
  RESOURCE_CREATE_2D: 0x101,
  RESOURCE_UNREF: 0x102,
  SET_SCANOUT: 0x103,
  RESOURCE_FLUSH: 0x104,
  TRANSFER_TO_HOST_2D: 0x105,
  RESOURCE_ATTACH_BACKING: 0x106,
  RESOURCE_DETACH_BACKING: 0x107,
  GET_CAPSET_INFO: 0x108,
  GET_CAPSET: 0x109,
  GET_EDID: 0x10a,
  RESOURCE_ASSIGN_UUID: 0x10b,
  RESOURCE_CREATE_BLOB: 0x10c,
  SET_SCANOUT_BLOB: 0x10d,
  CTX_CREATE: 0x200,
  CTX_DESTROY: 0x201,
  CTX_ATTACH_RESOURCE: 0x202,
  CTX_DETACH_RESOURCE: 0x203,
  RESOURCE_CREATE_3D: 0x204,
  TRANSFER_TO_HOST_3D: 0x205,
  TRANSFER_FROM_HOST_3D: 0x206,
  SUBMIT_3D: 0x207,
  UPDATE_CURSOR: 0x300,
  MOVE_CURSOR: 0x301,
} as const;

/** Types of responses. */
export const responses = {
  OK_NODATA: 0x1100,
  OK_DISPLAY_INFO: 0x1101,
  OK_CAPSET_INFO: 0x1102,
  OK_CAPSET: 0x1103,
  OK_EDID: 0x1104,
  OK_RESOURCE_UUID: 0x1105,
  ERR_UNSPEC: 0x1200,
  ERR_OUT_OF_MEMORY: 0x1201,
  ERR_INVALID_SCANOUT_ID: 0x1202,
  ERR_INVALID_RESOURCE_ID: 0x1203,
  ERR_INVALID_CONTEXT_ID: 0x1204,
  ERR_INVALID_PARAMETER: 0x1205,
} as const;

/** §5.7.3 and §6, as numbers of bits. */
export const bits = {
  VIRGL: 0,
  EDID: 1,
  RESOURCE_UUID: 2,
  RESOURCE_BLOB: 3,
  CONTEXT_INIT: 4,
  INDIRECT_DESC: 28,
  EVENT_IDX: 29,
  VERSION_1: 32,
  ACCESS_PLATFORM: 33,
  RING_PACKED: 34,
  IN_ORDER: 35,
  ORDER_PLATFORM: 36,
  SR_IOV: 37,
  NOTIFICATION_DATA: 38,
  NOTIF_CONFIG_DATA: 39,
  RING_RESET: 40,
  ADMIN_VQ: 41,
} as const;

export function setOf(...numbers: readonly number[]): bigint {
  return numbers.reduce((set, bit) => set | (1n << BigInt(bit)), 0n);
}

/** R8G8B8A8_UNORM: the bytes are red, green, blue, alpha. */
export const RGBA = 67;
/** VIRTIO_GPU_FLAG_FENCE, VIRTIO_GPU_FLAG_INFO_RING_IDX. */
export const FENCE = 1;
export const RING_IDX = 2;
/** struct virtio_gpu_ctrl_hdr: type, flags, fence_id, ctx_id, ring_idx and padding. */
export const HEADER_BYTES = 24;

export interface Header {
  readonly flags?: number;
  readonly fence?: bigint;
  readonly context?: number;
  readonly ring?: number;
}

/** Little-endian words. */
export function wordsOf(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setUint32(4 * index, word, true);
  });
  return bytes;
}

/** A header and what follows it, in words of 32 bits; of 64 bits, the low half comes first. */
export function message(
  type: number,
  words: readonly number[] = [],
  { flags = 0, fence = 0n, context = 0, ring = 0 }: Header = {},
): Uint8Array {
  const [low, high] = [Number(fence & 0xffff_ffffn), Number(fence >> 32n)];
  return wordsOf([type, flags, low, high, context, ring, ...words]);
}

export function fenced(fence: bigint, header: Header = {}): Header {
  return { ...header, flags: FENCE | (header.flags ?? 0), fence };
}

/** A word of a message, at a place in bytes; 0 beyond its end. */
export function wordAt(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return at + 4 <= bytes.length ? view.getUint32(at, true) : 0;
}

export interface ReadHeader {
  readonly type: number;
  readonly flags: number;
  readonly fence: bigint;
  readonly context: number;
  readonly ring: number;
}

export function headerOf(bytes: Uint8Array): ReadHeader {
  return {
    type: wordAt(bytes, 0),
    flags: wordAt(bytes, 4),
    fence: BigInt(wordAt(bytes, 8)) | (BigInt(wordAt(bytes, 12)) << 32n),
    context: wordAt(bytes, 16),
    ring: wordAt(bytes, 20) & 0xff,
  };
}

/** A type as the specification has it. */
export function nameOf(type: number): string {
  const all = Object.entries({ ...types, ...responses });
  return all.find(([, number]) => number === type)?.[0] ?? `0x${type.toString(16)}`;
}
