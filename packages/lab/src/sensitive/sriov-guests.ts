/** A machine with one bell, and guests that VFIO has given a virtual function of it each. */
import { bdf, bellBars, type Display } from '@doorbell/abi';
import { Bell } from '@doorbell/device-model';
import { Host, type Profile, SriovPf, Vm } from '@doorbell/hypervisor';
import { engineRates } from '../stacks/engine-rates.ts';
import { GUEST_GPU } from '../stacks/stack.ts';

const HOST_GPU = bdf(1, 0, 0);
const ROOT_PORT = bdf(0, 1, 0);
const BOARD = bdf(0, 0, 0);
/** Beside the guests' RAM: the IOMMU's tables, above all. */
const HOST_BYTES = 16 << 20;

export interface SriovGuestsParts {
  readonly profile: Profile;
  readonly leaky: boolean;
  readonly guests: number;
  /** Of each guest. */
  readonly ramBytes: number;
  readonly vramBytes?: number;
  /** Guest `index`'s screen, from 0 on. */
  readonly display?: (index: number) => Display;
}

export interface SriovGuests {
  readonly host: Host;
  readonly bell: Bell;
  readonly vms: readonly Vm[];
}

const nobody: Display = { flip: () => undefined };

export function sriovGuests(parts: SriovGuestsParts): SriovGuests {
  const { profile, leaky, guests, ramBytes, display = () => nobody } = parts;
  const { vramBytes = bellBars.VRAM.size } = parts;
  // Each guest's RAM begins at a boundary of 2 MiB.
  const memoryBytes = HOST_BYTES + guests * (ramBytes + (2 << 20));
  const host = new Host({ profile, display: nobody, iommu: 'strict', memoryBytes });
  const port = host.addPort(ROOT_PORT, 'ROOT_PORT', { acs: true });
  const options = { sriov: true, leakyRegister: leaky, vramBytes };
  const bell = port.plug(
    BOARD,
    (ports) => new Bell(ports, engineRates(profile, 'engine'), options),
  );
  host.enumerate();
  const pf = new SriovPf(host, HOST_GPU, bell, { display: (index) => display(index - 1) });
  pf.driversAutoprobe = false;
  pf.setNumVfs(guests);
  const vms = pf.virtualFunctions.map((physical, index) => {
    host.vfio.setDriverOverride(physical, 'vfio-pci');
    host.vfio.probe(physical);
    const vm = new Vm(host, { name: `guest${index}`, ramBytes, postedInterrupts: false });
    vm.assign(GUEST_GPU, physical, host.vfio.groupOf(physical));
    vm.bus.assignBars();
    return vm;
  });
  return { host, bell, vms };
}
