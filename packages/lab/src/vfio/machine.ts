/** Machines whose devices can be given away by hand. */
import type { Bdf, BusMaster, DeviceHost } from '@doorbell/abi';
import { Audio, Bell, Edu } from '@doorbell/device-model';
import { Host, type DeviceModel, type Profile } from '@doorbell/hypervisor';
import { InputError } from '../input-error.ts';
import { engineRates } from '../stacks/engine-rates.ts';

const MEMORY_BYTES = 64 << 20;

export interface VfioMachine {
  readonly host: Host;
  /** How a function reaches memory, whatever its registers say: devices do as they like. */
  dma(at: Bdf): BusMaster | undefined;
}

interface MachineKind {
  /** One sentence. */
  readonly doc: string;
  readonly plug: (host: Host, make: Make, profile: Profile) => void;
}

/** Makes a device whose way to memory is noted. */
type Make = <D extends DeviceModel>(make: (host: DeviceHost) => D) => (host: DeviceHost) => D;

export const vfioMachines: Readonly<Record<string, MachineKind>> = {
  board: {
    doc: 'A GPU with its audio function behind a root port with ACS; two devices behind a switch without.',
    plug: (host, make, profile) => {
      plugGpu(host, 1, true, make, profile);
      const up = host.addPort(2 << 3, 'ROOT_PORT', { acs: true }).addPort(0, 'UPSTREAM_PORT');
      for (const slot of [0, 1]) {
        up.addPort(slot << 3, 'DOWNSTREAM_PORT').plug(
          0,
          make((ports) => new Edu(ports)),
        );
      }
    },
  },
  desktop: {
    doc: 'The same GPU behind a root port without ACS, and a device of its own on the root bus.',
    plug: (host, make, profile) => {
      plugGpu(host, 1, false, make, profile);
      host.plug(
        3 << 3,
        make((ports) => new Edu(ports)),
      );
    },
  },
};

function plugGpu(host: Host, slot: number, acs: boolean, make: Make, profile: Profile): void {
  const port = host.addPort(slot << 3, 'ROOT_PORT', { acs });
  const rates = engineRates(profile, 'engine');
  port.plug(
    0,
    make((ports) => new Bell(ports, rates, { multifunction: true })),
  );
  port.plug(
    1,
    make((ports) => new Audio(ports, { multifunction: true })),
  );
}

/** @throws InputError when there is no such machine. */
export function buildVfioMachine(name: string, profile: Profile): VfioMachine {
  const kind = Object.hasOwn(vfioMachines, name) ? vfioMachines[name] : undefined;
  if (kind === undefined) {
    const known = Object.keys(vfioMachines).join(', ');
    throw new InputError(`There is no machine '${name}'; there is ${known}.`);
  }
  const host = new Host({
    profile,
    display: { flip: () => undefined },
    iommu: 'strict',
    memoryBytes: MEMORY_BYTES,
  });
  const ways = new Map<DeviceModel, BusMaster>();
  const make: Make = (makeDevice) => (ports) => {
    const device = makeDevice(ports);
    ways.set(device, ports.bus);
    return device;
  };
  kind.plug(host, make, profile);
  host.enumerate();
  return {
    host,
    dma: (at) => ways.get(host.topology.endpoint(at) as DeviceModel),
  };
}
