/** Capabilities that say where a virtio function has what (VIRTIO 1.3 §4.1.4), as register maps. */
import {
  type AccessWidth,
  type Fields,
  type RegisterMap,
  registerMap,
  type RegisterRow,
  SHM_HOST_VISIBLE,
  type Struct,
  VENDOR_CAPABILITY,
  virtioPciCap,
  virtioPciCap64,
  virtioPciCaps,
  virtioPciCfgCap,
  virtioPciLayout,
  virtioPciNotifyCap,
} from '@doorbell/abi';
import type { ConfigSpace } from './config-space.ts';

type CapabilityMap = RegisterMap<Readonly<Record<string, RegisterRow>>>;

/** All fields are read-only for the driver unless stated otherwise (§4.1.4). */
function capabilityMap<F extends Fields>(
  struct: Struct<F>,
  writable: readonly string[] = [],
): CapabilityMap {
  const rows = Object.entries(struct.fields).map(([name, field]): [string, RegisterRow] => [
    name,
    {
      offset: struct.offsets[name],
      width: field.size as AccessWidth,
      access: writable.includes(name) ? 'RW' : 'RO',
      reset: 0,
      doc: '',
    },
  ]);
  return registerMap(struct.name, struct.size, '', Object.fromEntries(rows));
}

const plain = capabilityMap(virtioPciCap);
const shared = capabilityMap(virtioPciCap64);
const notify = capabilityMap(virtioPciNotifyCap);
/** §4.1.4.9: the only one that the driver writes. */
const configAccess = capabilityMap(virtioPciCfgCap, ['bar', 'offset', 'length', 'pci_cfg_data']);

/** Where QEMU has them. Its list runs from the last to the first. */
const capabilityOffsets = {
  COMMON: 0x40,
  ISR: 0x50,
  DEVICE: 0x60,
  NOTIFY: 0x70,
  PCI: 0x84,
} as const;
export const VIRTIO_MSIX_OFFSET = 0x98;
export const VIRTIO_PCIE_OFFSET = 0xa4;
export const VIRTIO_PM_OFFSET = 0xe0;
/** Behind all that QEMU's functions have. */
const SHARED_OFFSET = 0xe8;

/** The window of §4.1.4.9 as it stands in configuration space. */
export const configWindow = {
  BAR: capabilityOffsets.PCI + virtioPciCfgCap.offsets.bar,
  OFFSET: capabilityOffsets.PCI + virtioPciCfgCap.offsets.offset,
  LENGTH: capabilityOffsets.PCI + virtioPciCfgCap.offsets.length,
  DATA: capabilityOffsets.PCI + virtioPciCfgCap.offsets.pci_cfg_data,
  DATA_BYTES: 4,
} as const;

/** Adds the five capabilities to the list, which goes from the last of them to the first. */
export function addVirtioCapabilities(config: ConfigSpace): void {
  config.addCapability(configAccess, capabilityOffsets.PCI, {
    cap_vndr: VENDOR_CAPABILITY,
    cap_len: configAccess.size,
    cfg_type: virtioPciCaps.PCI,
  });
  addStructure(config, notify, 'NOTIFY');
  addStructure(config, plain, 'DEVICE');
  addStructure(config, plain, 'ISR');
  addStructure(config, plain, 'COMMON');
}

/** Adds the one that says where the shared memory region is: all of a BAR (§4.1.4.7). */
export function addSharedMemory(config: ConfigSpace, bytes: number): void {
  config.addCapability(shared, SHARED_OFFSET, {
    cap_vndr: VENDOR_CAPABILITY,
    cap_len: shared.size,
    cfg_type: virtioPciCaps.SHARED_MEMORY,
    bar: virtioPciLayout.SHARED_BAR,
    id: SHM_HOST_VISIBLE,
    length: bytes,
  });
}

function addStructure(
  config: ConfigSpace,
  map: CapabilityMap,
  kind: 'COMMON' | 'NOTIFY' | 'ISR' | 'DEVICE',
): void {
  config.addCapability(map, capabilityOffsets[kind], {
    cap_vndr: VENDOR_CAPABILITY,
    cap_len: map.size,
    cfg_type: virtioPciCaps[kind],
    bar: virtioPciLayout.BAR,
    offset: virtioPciLayout[kind],
    length: virtioPciLayout.PART_BYTES,
    notify_off_multiplier: virtioPciLayout.NOTIFY_MULTIPLIER,
  });
}
