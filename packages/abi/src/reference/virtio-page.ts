/** docs/reference/virtio.md. */
import { deviceStatus, virtioFeatures, virtioIds } from '../virtio.ts';
import {
  NO_VECTOR,
  VENDOR_CAPABILITY,
  VIRTIO_PCI_DEVICE_BASE,
  VIRTIO_PCI_VENDOR,
  virtioCommonConfig,
  virtioIsr,
  virtioPciCap,
  virtioPciCap64,
  virtioPciCaps,
  virtioPciCfgCap,
  virtioPciLayout,
  virtioPciNotifyCap,
} from '../virtio-pci.ts';
import { blocks, hex, list, page, table } from './markdown.ts';
import { legend, registerTables, structTable } from './register-tables.ts';
import { virtioGpuSections } from './virtio-gpu-tables.ts';
import { virtqueueSections } from './virtqueue-tables.ts';

const intro = `Layouts and numbers of VIRTIO 1.3: what its drivers and devices share here, whatever
stands between them. A § is a section of that specification, which says what this page does not: who
may write what, and when.`;

const statusDoc: Readonly<Record<keyof typeof deviceStatus, string>> = {
  ACKNOWLEDGE: 'The driver has found the device.',
  DRIVER: 'The driver knows how to drive it.',
  DRIVER_OK: 'The driver is ready; the device is live.',
  FEATURES_OK: 'The driver has chosen its features; it stays 0 if the device refuses them.',
  DEVICE_NEEDS_RESET: 'The device has given up; it is set by the device alone.',
  FAILED: 'The driver has given up.',
};

const status = blocks(
  '## Device status (§2.1)',
  'Writing 0 resets the device.',
  table(
    ['Bit', 'Name', 'Meaning'],
    Object.entries(deviceStatus).map(([name, bit]) => [
      hex(bit, 2),
      name,
      statusDoc[name as keyof typeof deviceStatus],
    ]),
  ),
);

const featureDoc: Readonly<Record<keyof typeof virtioFeatures, string>> = {
  INDIRECT_DESC: 'A descriptor may point to a table of descriptors.',
  EVENT_IDX: 'Each half says at which entry it wants to be notified next.',
  VERSION_1: 'Not a legacy device.',
  ACCESS_PLATFORM: 'Addresses are translated, as by an IOMMU.',
  RING_PACKED: 'Virtqueues are packed.',
  IN_ORDER: 'The device uses chains in the order in which they were made available.',
  ORDER_PLATFORM: 'Memory is ordered as the platform orders it for devices.',
  SR_IOV: 'The function has virtual functions.',
  NOTIFICATION_DATA: "A notification carries the driver's place in the ring.",
  NOTIF_CONFIG_DATA: 'A notification carries a value of the device in place of the index.',
  RING_RESET: 'A queue can be reset alone.',
  ADMIN_VQ: 'There are administration queues.',
};

const features = blocks(
  '## Feature bits (§6)',
  `Those of all devices. Bits 0 to 23, and 50 to 127, belong to the kind of device.`,
  table(
    ['Bit', 'VIRTIO_F_', 'Meaning'],
    Object.entries(virtioFeatures).map(([name, bit]) => [
      bit,
      name,
      featureDoc[name as keyof typeof virtioFeatures],
    ]),
  ),
);

const capDoc: Readonly<Record<keyof typeof virtioPciCaps, string>> = {
  COMMON: 'Common configuration.',
  NOTIFY: 'Where queues are notified.',
  ISR: 'ISR status.',
  DEVICE: "The device's own configuration.",
  PCI: 'A window for accesses through configuration space.',
  SHARED_MEMORY: 'A shared memory region (§2.10); of a device that has one.',
  VENDOR: 'Data of a vendor. Not offered.',
};

const { MSIX_BAR, SHARED_BAR, BAR, BAR_BYTES, NOTIFY_MULTIPLIER, COMMON, ISR, DEVICE, NOTIFY } =
  virtioPciLayout;

const pci = blocks(
  '## Virtio over PCI (§4.1)',
  list([
    `Vendor ${hex(VIRTIO_PCI_VENDOR, 4)}, device ${hex(VIRTIO_PCI_DEVICE_BASE, 4)} plus the kind of device: a GPU is ${virtioIds.GPU}, so ${hex(VIRTIO_PCI_DEVICE_BASE + virtioIds.GPU, 4)}. Revision 1.`,
    `BAR${MSIX_BAR}: the MSI-X table and its pending bits. A vector for each queue, and one for the configuration.`,
    `BAR${SHARED_BAR}, of a device with a shared memory region: that region, 64 bits, prefetchable.`,
    `BAR${BAR}: ${BAR_BYTES >> 10} KiB, 64 bits, prefetchable: common configuration at ${hex(COMMON, 4)}, ISR at ${hex(ISR, 4)}, device configuration at ${hex(DEVICE, 4)}, notification at ${hex(NOTIFY, 4)}. QEMU's virtio functions have the same in the same places. A driver does not rely on it: it reads the capabilities.`,
  ]),
  '### Capabilities (§4.1.4)',
  `Each is vendor-specific: its id is ${hex(VENDOR_CAPABILITY, 2)}. Its cfg_type says what lies at offset in the
BAR bar:`,
  table(
    ['cfg_type', 'Name', 'Points to'],
    Object.entries(virtioPciCaps).map(([name, type]) => [
      type,
      name,
      capDoc[name as keyof typeof virtioPciCaps],
    ]),
  ),
  structTable(virtioPciCap),
  `NOTIFY has one field more:`,
  structTable(virtioPciNotifyCap),
  `A queue is notified by writing its index, in 16 bits, at offset + QUEUE_NOTIFY_OFF *
notify_off_multiplier. Here the multiplier is ${NOTIFY_MULTIPLIER} and QUEUE_NOTIFY_OFF is the index. A write of
another index or another width notifies nobody.`,
  `PCI is a window (§4.1.4.9): software writes bar, offset, and a length of 1, 2 or 4; then an access
to pci_cfg_data is one of the BAR, whether memory is decoded or not.`,
  structTable(virtioPciCfgCap),
  'SHARED_MEMORY has the high halves of offset and length (§4.1.4.7); id is the number of the region:',
  structTable(virtioPciCap64),
  '### Common configuration (§4.1.4.3)',
  `A register is read and written in its own width. A read of another width gives 0; a write of
another width does nothing (§4.1.3.1). Registers of a queue that is enabled keep what they hold, but
for its vector. A driver reads a vector back after writing it:
${hex(NO_VECTOR)} says that there is no such vector.`,
  legend,
  registerTables(virtioCommonConfig, '####'),
  '### ISR status (§4.1.4.5)',
  registerTables(virtioIsr, '####'),
);

export function virtioPage(): string {
  return page('Virtio', intro, status, features, virtqueueSections(), pci, virtioGpuSections());
}
