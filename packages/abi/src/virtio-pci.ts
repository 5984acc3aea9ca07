/** Virtio over PCI, VIRTIO 1.3 §4.1: ids, the capabilities that say where what is, and registers. */
import { struct, u16, u32, u8 } from './layout.ts';
import { bit, registerMap } from './register.ts';

/** §4.1.2: the device id is 0x1040 plus the kind of device. */
export const VIRTIO_PCI_VENDOR = 0x1af4;
export const VIRTIO_PCI_DEVICE_BASE = 0x1040;

/** A vendor-specific capability (PCI 3.0 §6.7). */
export const VENDOR_CAPABILITY = 0x09;

/** What a capability points to (§4.1.4). */
export const virtioPciCaps = {
  COMMON: 1,
  NOTIFY: 2,
  ISR: 3,
  DEVICE: 4,
  PCI: 5,
  SHARED_MEMORY: 8,
  VENDOR: 9,
} as const;

const capFields = {
  cap_vndr: u8,
  cap_next: u8,
  cap_len: u8,
  cfg_type: u8,
  bar: u8,
  id: u8,
  padding: u16,
  offset: u32,
  length: u32,
} as const;
/** §4.1.4 `virtio_pci_cap`. */
export const virtioPciCap = struct('virtio_pci_cap', capFields);
/** §4.1.4.4 `virtio_pci_notify_cap`. */
export const virtioPciNotifyCap = struct('virtio_pci_notify_cap', {
  ...capFields,
  notify_off_multiplier: u32,
});
/** §4.1.4.9 `virtio_pci_cfg_cap`: a window for accesses through configuration space. */
export const virtioPciCfgCap = struct('virtio_pci_cfg_cap', { ...capFields, pci_cfg_data: u32 });

/** §4.1.4 `virtio_pci_cap64`: of a shared memory region (§4.1.4.7), whose id is in `id`. */
export const virtioPciCap64 = struct('virtio_pci_cap64', {
  ...capFields,
  offset_hi: u32,
  length_hi: u32,
});

/** "No vector" (§4.1.5.1.2.1). */
export const NO_VECTOR = 0xffff;

const rw = (offset: number, width: 1 | 2 | 4, reset: number, doc: string) =>
  ({ offset, width, access: 'RW', reset, doc }) as const;
const ro = (offset: number, width: 1 | 2 | 4, reset: number, doc: string) =>
  ({ offset, width, access: 'RO', reset, doc }) as const;

/** §4.1.4.3 `virtio_pci_common_cfg`. */
export const virtioCommonConfig = registerMap(
  'virtio_pci_common_cfg',
  0x40,
  'Common configuration of a virtio device (VIRTIO 1.3 §4.1.4.3).',
  {
    DEVICE_FEATURE_SELECT: rw(0x00, 4, 0, 'Which 32 feature bits DEVICE_FEATURE shows.'),
    DEVICE_FEATURE: ro(0x04, 4, 0, 'Feature bits that the device offers.'),
    DRIVER_FEATURE_SELECT: rw(0x08, 4, 0, 'Which 32 feature bits DRIVER_FEATURE shows.'),
    DRIVER_FEATURE: rw(0x0c, 4, 0, 'Feature bits that the driver accepts.'),
    CONFIG_MSIX_VECTOR: rw(0x10, 2, NO_VECTOR, 'MSI-X vector of configuration changes.'),
    NUM_QUEUES: ro(0x12, 2, 0, 'Virtqueues that there are.'),
    DEVICE_STATUS: rw(0x14, 1, 0, 'The device status; writing 0 resets.'),
    CONFIG_GENERATION: ro(0x15, 1, 0, 'Changes when the configuration does.'),
    QUEUE_SELECT: rw(0x16, 2, 0, 'The virtqueue that the registers below belong to.'),
    QUEUE_SIZE: rw(0x18, 2, 0, 'Its size; at reset the largest; 0: there is none.'),
    QUEUE_MSIX_VECTOR: rw(0x1a, 2, NO_VECTOR, 'MSI-X vector of its notifications.'),
    QUEUE_ENABLE: rw(0x1c, 2, 0, '1 enables it; the driver never writes 0.'),
    QUEUE_NOTIFY_OFF: ro(0x1e, 2, 0, 'Its place in the notification structure.'),
    QUEUE_DESC_LO: rw(0x20, 4, 0, 'Address of the descriptor area, bits 31:0.'),
    QUEUE_DESC_HI: rw(0x24, 4, 0, 'Address of the descriptor area, bits 63:32.'),
    QUEUE_DRIVER_LO: rw(0x28, 4, 0, 'Address of the driver area, bits 31:0.'),
    QUEUE_DRIVER_HI: rw(0x2c, 4, 0, 'Address of the driver area, bits 63:32.'),
    QUEUE_DEVICE_LO: rw(0x30, 4, 0, 'Address of the device area, bits 31:0.'),
    QUEUE_DEVICE_HI: rw(0x34, 4, 0, 'Address of the device area, bits 63:32.'),
    QUEUE_NOTIF_CONFIG_DATA: ro(0x38, 2, 0, 'Not offered.'),
    QUEUE_RESET: rw(0x3a, 2, 0, '1 resets the queue (VIRTIO_F_RING_RESET).'),
    ADMIN_QUEUE_INDEX: ro(0x3c, 2, 0, 'Not offered.'),
    ADMIN_QUEUE_NUM: ro(0x3e, 2, 0, 'Not offered.'),
  },
);

/** §4.1.4.5: reading it clears it, and lowers INTx. */
export const virtioIsr = registerMap('virtio ISR', 4, 'ISR status (VIRTIO 1.3 §4.1.4.5).', {
  ISR: {
    offset: 0,
    width: 1,
    access: 'RO',
    reset: 0,
    bits: {
      QUEUE: bit(0, 'A virtqueue has used buffers.'),
      CONFIG: bit(1, 'The configuration changed.'),
    },
    doc: 'Why INTx is high; a read clears it.',
  },
});

/** Where our virtio-pci functions have what. QEMU's have the same in BAR 4. */
export const virtioPciLayout = {
  MSIX_BAR: 1,
  /** The shared memory region, of a device that has one. */
  SHARED_BAR: 2,
  BAR: 4,
  BAR_BYTES: 0x4000,
  COMMON: 0x0000,
  ISR: 0x1000,
  DEVICE: 0x2000,
  NOTIFY: 0x3000,
  PART_BYTES: 0x1000,
  NOTIFY_MULTIPLIER: 4,
} as const;
