/**
 * Full virtualization: bell is a device model in software, and every register access traps. The device
 * models of all guests draw on one CPU of the host.
 */
import { bellBars } from '@doorbell/abi';
import { Bell } from '@doorbell/device-model';
import { Vm, type BarPolicy } from '@doorbell/hypervisor';
import { engineRates } from './engine-rates.ts';
import { machineWithoutGpu } from './physical-machine.ts';
import { shareGpu } from './share-gpu.ts';
import {
  bellDriver,
  GUEST_GPU,
  sumBusy,
  vmOptions,
  VRAM_BYTES,
  type Stack,
  type StackParts,
} from './stack.ts';

const MOST_VRAM_BYTES = 1 << 30;
const LEAST_VRAM_BYTES = 16 << 20;

/** Of each guest's GPU: all together have no more than four alone would. A BAR's size is a power of two. */
function vramBytes(guests: number): number {
  let share = VRAM_BYTES;
  while (share * guests > MOST_VRAM_BYTES && share > LEAST_VRAM_BYTES) {
    share /= 2;
  }
  return share;
}

export function emulated(parts: StackParts): Stack {
  const { profile, options, guests } = parts;
  const nobody = { flip: () => undefined };
  // The host's IOMMU has nothing to translate: no physical device does these guests' work.
  const host = machineWithoutGpu({
    ...{ profile, display: nobody, iommu: 'off', guests: guests.length },
  });
  const mapsVram = options.vram === 'map';
  const policy: BarPolicy = (bar, size) => {
    const kind = bar === bellBars.VRAM.index && mapsVram ? 'shared' : 'trapped';
    return [{ kind, offset: 0, size }];
  };
  const make = (ports: ConstructorParameters<typeof Bell>[0]): Bell =>
    new Bell(ports, engineRates(profile, 'software'), { vramBytes: vramBytes(guests.length) });
  const made = guests.map(({ display }, index) => {
    const vm = new Vm(host, { ...vmOptions(parts, index), postedInterrupts: false });
    const bell = vm.emulate(GUEST_GPU, make, policy, display);
    vm.bus.assignBars();
    return { vm, bell };
  });
  const bells = made.map(({ bell }) => bell);
  const cpus = made.map(({ vm }) => vm.computer.parts.cpu);
  const sharing = shareGpu(parts, host, bells, cpus);
  return {
    host,
    guests: made.map(({ vm, vm: { computer } }, tenant) => ({
      ...{ vm, computer, cpu: cpus[tenant], bdf: GUEST_GPU },
      gpu: { sharing, tenant },
      probe: bellDriver(computer, GUEST_GPU, parts),
    })),
    bells,
    busyNs: () => sumBusy(bells),
  };
}
