/**
 * The messages of QEMU's multi-process devices (QEMU 7.2, docs/devel/multi-process.rst,
 * include/hw/remote/mpqemu-link.h): a header and at most one payload. Little-endian on x86.
 */
import { array, bytes, struct, u32, u64, u8 } from '@doorbell/abi';
import { exact64 } from '../pci-device/exact64.ts';

export const proxyCommand = {
  SYNC_SYSMEM: 0,
  RETURN: 1,
  CONFIG_WRITE: 2,
  CONFIG_READ: 3,
  BAR_WRITE: 4,
  BAR_READ: 5,
  SET_IRQFD: 6,
  DEVICE_RESET: 7,
} as const;

/** Ranges of memory in one SYNC_SYSMEM: REMOTE_MAX_FDS. */
const MAX_RANGES = 8;

export const proxyHeader = struct('MPQemuMsg', {
  command: u32,
  pad: u32,
  /** Of what follows the header. */
  size: exact64,
});

export const proxyConfigAccess = struct('PciConfDataMsg', {
  address: u32,
  value: u32,
  bytes: u32,
});

export const proxyBarAccess = struct('BarAccessMsg', {
  /** Where the guest's access goes on the bus: not an offset in the BAR. */
  address: exact64,
  value: bytes(8),
  bytes: u32,
  /** 1: memory space; 0: I/O space. */
  memory: u8,
  pad: bytes(3),
});

export const proxySystemMemory = struct('SyncSysmemMsg', {
  addresses: array(u64, MAX_RANGES),
  sizes: array(u64, MAX_RANGES),
  offsets: array(u64, MAX_RANGES),
});

/** The answer of every command but SYNC_SYSMEM and SET_IRQFD. */
export const proxyReturn = struct('MPQemuMsg RET', { header: proxyHeader, value: bytes(8) });

/** The size of each command's payload. */
export const proxyPayload: Readonly<Record<number, number>> = {
  [proxyCommand.SYNC_SYSMEM]: proxySystemMemory.size,
  [proxyCommand.CONFIG_WRITE]: proxyConfigAccess.size,
  [proxyCommand.CONFIG_READ]: proxyConfigAccess.size,
  [proxyCommand.BAR_WRITE]: proxyBarAccess.size,
  [proxyCommand.BAR_READ]: proxyBarAccess.size,
  [proxyCommand.SET_IRQFD]: 0,
  [proxyCommand.DEVICE_RESET]: 0,
};
