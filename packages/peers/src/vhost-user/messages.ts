/** The vhost-user protocol's messages, as QEMU's docs/interop/vhost-user.rst has them. */
import { struct, u32, u64 } from '@doorbell/abi';

/** Requests of the front-end that this backend knows, by number. */
export const requests = {
  GET_FEATURES: 1,
  SET_FEATURES: 2,
  SET_OWNER: 3,
  RESET_OWNER: 4,
  SET_MEM_TABLE: 5,
  SET_VRING_NUM: 8,
  SET_VRING_ADDR: 9,
  SET_VRING_BASE: 10,
  GET_VRING_BASE: 11,
  SET_VRING_KICK: 12,
  SET_VRING_CALL: 13,
  SET_VRING_ERR: 14,
  GET_PROTOCOL_FEATURES: 15,
  SET_PROTOCOL_FEATURES: 16,
  GET_QUEUE_NUM: 17,
  SET_VRING_ENABLE: 18,
  GET_CONFIG: 24,
  SET_CONFIG: 25,
  GPU_SET_SOCKET: 33,
  RESET_DEVICE: 34,
} as const;
export type RequestName = keyof typeof requests;

/** "Message Specification". The payload follows: `size` bytes. */
export const messageHeader = struct('VhostUserMsg', { request: u32, flags: u32, size: u32 });

export const messageFlags = {
  /** The lower two bits are the version. */
  VERSION_MASK: 3,
  VERSION: 1,
  REPLY: 1 << 2,
  NEED_REPLY: 1 << 3,
} as const;

/** "A single 64-bit integer". */
export const u64Payload = struct('u64', { value: u64 });

/** "A vring state description". */
export const vringState = struct('vhost_vring_state', { index: u32, num: u32 });

/**
 * "A vring address description", in the order of Linux's `struct vhost_vring_addr`, which QEMU
 * sends: the used ring comes before the available ring. Ring addresses are the front-end's own.
 */
export const vringAddresses = struct('vhost_vring_addr', {
  index: u32,
  flags: u32,
  descriptor: u64,
  used: u64,
  available: u64,
  log: u64,
});

/** "Memory regions description": so many regions follow. */
export const memoryTable = struct('VhostUserMemory', { regions: u32, padding: u32 });
export const memoryRegion = struct('VhostUserMemoryRegion', {
  guestAddress: u64,
  size: u64,
  userAddress: u64,
  mmapOffset: u64,
});
/** Without F_CONFIGURE_MEM_SLOTS. */
export const MAX_REGIONS = 8;

/** "Virtio device config space": `size` bytes of it follow. */
export const configAccess = struct('VhostUserConfig', { offset: u32, size: u32, flags: u32 });

/** SET_VRING_KICK, _CALL, _ERR: the index, and whether there is a descriptor. */
export const vringFile = { INDEX_MASK: 0xff, NO_DESCRIPTOR: 1 << 8 } as const;

/** Feature bits by number, of GET_FEATURES: VHOST_USER_F_PROTOCOL_FEATURES. */
export const PROTOCOL_FEATURES_BIT = 30;

/** Bits of GET_PROTOCOL_FEATURES, by number. */
export const protocolFeatures = { MQ: 0, REPLY_ACK: 3, CONFIG: 9, RESET_DEVICE: 13 } as const;

/** The longest payload that a known request has: a table of all regions. */
export const MAX_PAYLOAD = 512;
