/** The drivers that the host's kernel has, in the order in which they are asked. */
import { bellIds, pciePortTypes } from '@doorbell/abi';
import type { HostDriver } from './iommu-group.ts';
import { portType } from './port-type.ts';

const CLASS_HDA = 0x0403;
const CLASS_BRIDGE = 0x060400;
/** What pcieport's probe takes (drivers/pci/pcie/portdrv.c): not a bridge to conventional PCI. */
const ports: readonly (number | undefined)[] = [
  pciePortTypes.ROOT_PORT,
  pciePortTypes.UPSTREAM_PORT,
  pciePortTypes.DOWNSTREAM_PORT,
];

export const hostDrivers: readonly HostDriver[] = [
  {
    name: 'bell',
    kind: 'host',
    matches: (vendor, device) => vendor === bellIds.vendor && device === bellIds.device,
  },
  {
    name: 'snd_hda_intel',
    kind: 'host',
    matches: (_vendor, _device, classCode) => classCode >>> 8 === CLASS_HDA,
  },
  {
    name: 'pcieport',
    kind: 'exempt',
    matches: (_vendor, _device, classCode) => classCode === CLASS_BRIDGE,
    probes: (endpoint) => ports.includes(portType(endpoint)),
  },
  { name: 'pci-stub', kind: 'exempt', matches: () => false },
  { name: 'vfio-pci', kind: 'vfio', matches: () => false },
];
