/** Device assignment: VFIO takes bell from the host and gives it to one guest. Each guest has a GPU of its own. */
import { assigned } from './assigned.ts';
import { iommuParts } from './iommu-options.ts';
import { machineWithGpus } from './physical-machine.ts';
import { shareGpu } from './share-gpu.ts';
import { sumBusy, type Stack, type StackParts } from './stack.ts';

export function passthrough(parts: StackParts): Stack {
  const { profile, guests, bug } = parts;
  const displays = guests.map(({ display }) => display);
  const { host, bells } = machineWithGpus(
    { profile, ...iommuParts(parts), guests: guests.length, audio: bug?.hasAudio ?? false },
    displays,
  );
  return {
    host,
    guests: bells.map((bell, index) => {
      const physical = host.addressOf(bell);
      host.vfio.unbind(physical);
      const guest = assigned(host, physical, index, parts);
      const own = { ...parts, guests: [guests[index]] };
      return { ...guest, gpu: { sharing: shareGpu(own, host, [bell], [guest.cpu]), tenant: 0 } };
    }),
    bells,
    busyNs: () => sumBusy(bells),
  };
}
