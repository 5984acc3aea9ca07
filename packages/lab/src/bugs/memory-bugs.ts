/** Bugs of what a driver maps: for the bus, in an IOMMU; for its GPU, in page tables. */
import { bellBars, pte, type PciDevice } from '@doorbell/abi';
import { alteredBar, alteredDma, alteredMmio } from './altered.ts';
import type { Bug } from './bug.ts';

const MAPPED = ['native:iommu=strict', 'passthrough:viommu=strict', 'sriov:viommu=strict'];

export const memoryBugs: readonly Bug[] = [
  {
    id: 'mapping-forgotten',
    title: 'The driver gives its device an address, and takes the mapping away too soon.',
    cause: 'iommu-mapping-missing',
    stacks: MAPPED,
    breaks: forgottenMappings,
  },
  {
    id: 'mapping-read-only',
    title: 'The driver maps its fence the wrong way round.',
    cause: 'iommu-mapping-read-only',
    stacks: MAPPED,
    breaks: (device) =>
      alteredDma(device, {
        map: (address, bytes, direction) =>
          device.dma.map(address, bytes, direction === 'from-device' ? 'to-device' : direction),
      }),
  },
  {
    id: 'page-not-mapped',
    title: "The driver loses a store to its channel's page table.",
    cause: 'gpu-page-fault',
    stacks: ['native', 'passthrough', 'sriov', 'emulated', 'mdev'],
    breaks: lostEntry,
  },
];

function forgottenMappings(device: PciDevice): PciDevice {
  const { dma } = device;
  return alteredDma(device, {
    map: (address, bytes, direction) => {
      const iova = dma.map(address, bytes, direction);
      dma.unmap(iova, bytes);
      return iova;
    },
    unmap: () => {},
  });
}

/** The first entry that names a page of the bus is lost. */
function lostEntry(device: PciDevice): PciDevice {
  const flags = pte.VALID.mask | pte.SYSTEM.mask;
  let lost = false;
  return alteredBar(device, bellBars.VRAM.index, (mmio) =>
    alteredMmio(mmio, {
      writeBlock: (offset, bytes) => {
        if (!lost && bytes.length >= 8 && (bytes[0] & flags) === flags) {
          lost = true;
        } else {
          mmio.writeBlock(offset, bytes);
        }
      },
    }),
  );
}
