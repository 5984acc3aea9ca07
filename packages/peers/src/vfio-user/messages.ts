/**
 * The messages of vfio-user 0.0 (QEMU 11.1, docs/interop/vfio-user.rst): after the header comes what
 * the command's structure says. Sizes are in bytes. Structures and flags of VFIO's own are those of
 * Linux' include/uapi/linux/vfio.h.
 */
import { bytes, struct, u16, u32 } from '@doorbell/abi';
import { exact64 } from '../pci-device/exact64.ts';

export const vfioUserCommand = {
  VERSION: 1,
  DMA_MAP: 2,
  DMA_UNMAP: 3,
  DEVICE_GET_INFO: 4,
  DEVICE_GET_REGION_INFO: 5,
  DEVICE_GET_REGION_IO_FDS: 6,
  DEVICE_GET_IRQ_INFO: 7,
  DEVICE_SET_IRQS: 8,
  REGION_READ: 9,
  REGION_WRITE: 10,
  DMA_READ: 11,
  DMA_WRITE: 12,
  DEVICE_RESET: 13,
  REGION_WRITE_MULTI: 15,
  DEVICE_FEATURE: 16,
  MIG_DATA_READ: 17,
  MIG_DATA_WRITE: 18,
} as const;

export const vfioUserHeader = struct('vfio_user_header', {
  id: u16,
  command: u16,
  /** Of the whole message, with this header. */
  size: u32,
  flags: u32,
  error: u32,
});

/** Bits of the header's flags: a type, and two more. */
export const messageFlags = {
  TYPE: 0xf,
  COMMAND: 0,
  REPLY: 1,
  NO_REPLY: 0x10,
  ERROR: 0x20,
} as const;

/** JSON and a zero follow, or nothing. */
export const vfioUserVersion = struct('vfio_user_version', { major: u16, minor: u16 });

export const vfioUserDmaMap = struct('vfio_user_dma_map', {
  argsz: u32,
  flags: u32,
  /** Where the range begins in the file whose descriptor came along. */
  offset: exact64,
  address: exact64,
  size: exact64,
});

export const dmaMapFlags = { READABLE: 1, WRITABLE: 2 } as const;

export const vfioUserDmaUnmap = struct('vfio_user_dma_unmap', {
  argsz: u32,
  flags: u32,
  address: exact64,
  size: exact64,
});

export const vfioDeviceInfo = struct('vfio_device_info', {
  argsz: u32,
  flags: u32,
  regions: u32,
  irqs: u32,
});

export const deviceFlags = { RESET: 1, PCI: 2 } as const;

export const vfioRegionInfo = struct('vfio_region_info', {
  argsz: u32,
  flags: u32,
  index: u32,
  capOffset: u32,
  size: exact64,
  /** Of the region in the file that may be mapped. */
  offset: exact64,
});

export const regionFlags = { READ: 1, WRITE: 2, MMAP: 4 } as const;

/** Regions 0 to 5 are the BARs; 6 is the expansion ROM, 8 is legacy VGA: there are none. */
export const vfioRegion = { CONFIG: 7, COUNT: 9 } as const;

export const vfioIrqInfo = struct('vfio_irq_info', {
  argsz: u32,
  flags: u32,
  index: u32,
  count: u32,
});

export const irqInfoFlags = { EVENTFD: 1, MASKABLE: 2, AUTOMASKED: 4, NORESIZE: 8 } as const;

/** Kinds of interrupt. */
export const vfioIrq = { INTX: 0, MSI: 1, MSIX: 2, ERR: 3, REQ: 4, COUNT: 5 } as const;

/** For DATA_BOOL, a byte for each of `count` follows. */
export const vfioIrqSet = struct('vfio_irq_set', {
  argsz: u32,
  flags: u32,
  index: u32,
  start: u32,
  count: u32,
});

/** One of three kinds of data, one of three actions. */
export const irqSetFlags = {
  DATA_NONE: 0x01,
  DATA_BOOL: 0x02,
  DATA_EVENTFD: 0x04,
  ACTION_MASK: 0x08,
  ACTION_UNMASK: 0x10,
  ACTION_TRIGGER: 0x20,
} as const;

/** `count` bytes follow in a write, and in the reply of a read. */
export const vfioUserRegionAccess = struct('vfio_user_region_access', {
  offset: exact64,
  region: u32,
  count: u32,
});

/** As many writes as it says follow. */
export const vfioUserWriteMulti = struct('vfio_user_region_write_multi', { count: exact64 });

export const vfioUserSingleWrite = struct('vfio_user_single_write', {
  offset: exact64,
  region: u32,
  count: u32,
  data: bytes(8),
});
