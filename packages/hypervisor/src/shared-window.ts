/**
 * The BAR of a virtual device's shared memory region (VIRTIO 1.3 §2.10) as its guest reaches it: a
 * page that leads to a physical doorbell is mapped straight through, so that a store there never
 * leaves the guest; all around it traps to the device model, which has nothing there.
 */
import { type DoorbellPage, PAGE_BYTES } from '@doorbell/abi';
import type { SharedMemory } from '@doorbell/device-model';
import type { BarPart, PciBus } from './pci-bus.ts';

/** @param physical  the host's bus, which the doorbells are on. */
export function sharedWindow(shared: SharedMemory, physical: PciBus): readonly BarPart[] {
  const parts: BarPart[] = [];
  let end = 0;
  const trapUpTo = (offset: number): void => {
    if (offset > end) {
      parts.push({ kind: 'trapped', offset: end, size: offset - end });
    }
  };
  for (const [page, doorbell] of shared.mapped()) {
    const offset = page * PAGE_BYTES;
    trapUpTo(offset);
    const onBus = addressOf(doorbell, physical);
    parts.push({ kind: 'mapped', offset, size: PAGE_BYTES, onBus, through: doorbell });
    end = offset + PAGE_BYTES;
  }
  trapUpTo(shared.pages * PAGE_BYTES);
  return parts;
}

/** Where the host's CPU finds it. @throws RangeError when it is of no function of the host's. */
function addressOf({ endpoint, bar, offset }: DoorbellPage, physical: PciBus): number {
  const found = physical.functions().find(([, candidate]) => candidate === endpoint);
  if (found === undefined) {
    throw new RangeError('A doorbell page is of no function of the host.');
  }
  return physical.barAddress(found[0], bar).address + offset;
}
