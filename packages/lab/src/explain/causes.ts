/**
 * Why a driver can be stuck: one row for each cause that `explain` knows. The rows are the page
 * docs/reference/explanations.md.
 */

/** Whose rules a cause breaks. Some can be broken by more than one kind of driver. */
export type Family = 'bell' | 'virtio' | 'pci' | 'iommu' | 'vfio' | 'kernel';

interface CauseRow {
  readonly title: string;
  /** The clause that says how it should be, by whose it is. */
  readonly clauses: Partial<Readonly<Record<Family, string>>>;
  /** One sentence. */
  readonly doc: string;
  /** What to change in the driver, or on the host. */
  readonly mend: string;
}

const COMMAND = 'PCI Express 6.0 §7.5.1.1.3 (Command Register)';
const MASKS = 'PCI Express 6.0 §6.1.4 (MSI and MSI-X), §7.7.2';
const PAGING = 'Intel VT-d 3.3 §7.1.3 (fault reasons), §9.8 (second-stage paging entries)';

const causes = {
  'queue-not-notified': {
    title: 'The device was not told of new work',
    clauses: {
      virtio: 'VIRTIO 1.3 §2.7.13.4, §2.9 (Driver Notifications)',
      bell: 'bell datasheet, "The doorbell"',
    },
    doc: 'The driver made work visible in memory, and no notification followed it: a device looks when it is told to.',
    mend: 'Ring the doorbell after the work was published, unless the device asked for no notification.',
  },
  'vector-masked': {
    title: 'A vector is masked, or all are',
    clauses: { pci: MASKS },
    doc: 'The device signals, and a mask holds the message back: its pending bit waits for the mask to go.',
    mend: "Clear the entry's mask bit after its message was written, and the function mask once MSI-X is set up.",
  },
  'bus-master-off': {
    title: 'The function may not master the bus',
    clauses: { pci: COMMAND },
    doc: 'Without Bus Master Enable a function makes no memory requests: it fetches no work, and sends no MSI or MSI-X, which are memory writes.',
    mend: 'Set Bus Master Enable in the command register (pci_set_master) once the device is quiet.',
  },
  'memory-decode-off': {
    title: 'The function does not decode its BARs',
    clauses: { pci: COMMAND },
    doc: 'Without Memory Space Enable no function answers at the address of a BAR: reads give all ones, writes are lost.',
    mend: 'Set Memory Space Enable in the command register (pci_enable_device) before the first access.',
  },
  'queue-not-enabled': {
    title: 'The queue, or the channel, is off',
    clauses: {
      virtio: 'VIRTIO 1.3 §4.1.4.3 (queue_enable), §4.1.5.1.3',
      bell: 'bell datasheet, "Channel registers", CONTROL',
    },
    doc: 'All about the queue was set up, but it was not enabled: the device ignores its notifications.',
    mend: 'Enable the queue last, when all else about it is written.',
  },
  'driver-ok-not-set': {
    title: 'DRIVER_OK is not set',
    clauses: { virtio: 'VIRTIO 1.3 §3.1.1 step 8, §2.1.2' },
    doc: 'Until the driver sets DRIVER_OK the device is not live: it uses no buffer, and notifies nobody.',
    mend: 'Set DRIVER_OK when the queues are set up.',
  },
  'event-index-wrong': {
    title: 'The event index asks for a notification that does not come',
    clauses: { virtio: 'VIRTIO 1.3 §2.7.7 (Used Buffer Notification Suppression)' },
    doc: 'The device has used buffers, and the index at which the driver wants to hear of one lies elsewhere: the notification is suppressed.',
    mend: 'Write the index of the next used buffer to used_event, and look at the ring once more after it.',
  },
  'iommu-mapping-missing': {
    title: 'No IOMMU mapping is there',
    clauses: { iommu: PAGING, kernel: 'Linux Documentation/core-api/dma-api.rst' },
    doc: 'The device used an address that its domain does not map: the IOMMU refused the access, and recorded a fault.',
    mend: 'Map the buffer by the DMA API before the device has its address, and unmap it when the device is done.',
  },
  'iommu-mapping-read-only': {
    title: 'An IOMMU mapping may only be read',
    clauses: { iommu: PAGING, kernel: 'Linux Documentation/core-api/dma-api.rst (direction)' },
    doc: 'The device wrote where its domain lets it read: the driver mapped the buffer for the wrong direction.',
    mend: 'Map what the device writes with a direction that says so (from-device, or both).',
  },
  'fence-not-submitted': {
    title: 'The fence was never submitted',
    clauses: { bell: 'bell datasheet, "The ring\'s own packets", FENCE' },
    doc: 'The work that was submitted is done, and no fence was behind it: what the driver waits for is not on its way.',
    mend: 'Put a FENCE packet behind the work that somebody waits for.',
  },
  'stale-doorbell': {
    title: 'The doorbell had a stale tail',
    clauses: { bell: 'bell datasheet, "The doorbell"' },
    doc: 'The doorbell came, with a tail that the device knows already: to the device there is nothing new.',
    mend: 'Ring with the tail behind the last packet.',
  },
  'group-not-viable': {
    title: 'The IOMMU group is not viable',
    clauses: { vfio: 'Linux Documentation/driver-api/vfio.rst (Groups, Devices, and IOMMUs)' },
    doc: 'A member of the group is still bound to a driver of the host, so that VFIO gives the group to nobody.',
    mend: 'Unbind every member of the group from its host driver, and bind it to vfio-pci or to none.',
  },
  'gpu-page-fault': {
    title: 'A page fault in the GPU',
    clauses: { bell: 'bell datasheet, "Page tables", "Faults"' },
    doc: "A packet used a virtual address that the channel's page tables do not map, or not for writing.",
    mend: 'Write the entries of a page before packets use it, and invalidate the TLB after one was changed.',
  },
  'channel-hung': {
    title: 'The channel hangs',
    clauses: { bell: 'bell datasheet, "Faults", HANG' },
    doc: 'A packet took longer than the watchdog allows: the channel was stopped, and stays so until it is reset.',
    mend: 'Split the work, or allow it more time (WATCHDOG); then reset the channel.',
  },
  'reset-not-finished': {
    title: 'The reset is not finished',
    clauses: {
      virtio: 'VIRTIO 1.3 §4.1.4.3.2 (device_status)',
      bell: 'bell datasheet, "Function registers", RESET',
    },
    doc: 'The driver asked for a reset, or thinks that it did, and the device does not show reset values.',
    mend: 'Write the reset, and wait until the device shows that it is over.',
  },
  'handler-not-installed': {
    title: 'Nobody handles the interrupt',
    clauses: { kernel: 'Linux Documentation/PCI/msi-howto.rst' },
    doc: 'The message arrived, and no handler was installed for it: it is dropped as a spurious one.',
    mend: 'Install the handler (request_irq) before the device may interrupt.',
  },
  'wrong-fence': {
    title: 'The driver waits for the wrong fence',
    clauses: { bell: 'bell datasheet, "Channel registers", FENCE_ADDRESS' },
    doc: 'Every fence that was submitted was written, and its interrupt was handled: what the driver looks at is something else.',
    mend: 'Compare the word at FENCE_ADDRESS with the number of the fence that was submitted.',
  },
  'register-not-modelled': {
    title: 'No register is there',
    clauses: {
      bell: 'bell datasheet, "Accesses that mean nothing"',
      virtio: 'VIRTIO 1.3 §4.1.4.3 (Common configuration structure layout)',
    },
    doc: 'The driver used an offset at which the device has no register: a read gives all ones or zero, a write does nothing.',
    mend: 'Read from the capabilities, or the revision, what the part has.',
  },
} as const satisfies Record<string, CauseRow>;

export type CauseId = keyof typeof causes;

export const causeIds = Object.keys(causes) as CauseId[];

export function causeRow(id: CauseId): CauseRow {
  return causes[id];
}
