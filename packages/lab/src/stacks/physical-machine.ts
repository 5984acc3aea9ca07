/** The physical machine of the stacks: GPUs on boards, each behind a root port that isolates it. */
import { bdf, type Display } from '@doorbell/abi';
import { Audio, Bell } from '@doorbell/device-model';
import { Host, type IommuPolicy, type Port, type Profile } from '@doorbell/hypervisor';
import { InputError } from '../input-error.ts';
import { engineRates } from './engine-rates.ts';
import { guestBytes } from './stack.ts';

/** What the host keeps for itself. */
const HOST_BYTES = 128 << 20;
/** Where the host finds the GPU: 01:00.0, right behind the root port at 00:01.0. */
export const HOST_GPU = bdf(1, 0, 0);
/** Devices on the root bus that can be root ports. */
const MOST_PORTS = 31;
/** On the bus behind one. */
const BOARD = bdf(0, 0, 0);
const AUDIO = bdf(0, 0, 1);

interface MachineParts {
  readonly profile: Profile;
  readonly iommu: IommuPolicy;
  /** How many its memory has room for. Default: one. */
  readonly guests?: number;
  /** VFIO maps pages of 4 KiB one by one. Default: large ones where it can. */
  readonly disableHugepages?: boolean;
  /** Each GPU has an audio function beside it, with a driver of its own. Default: no. */
  readonly audio?: boolean;
  /** Translations that the IOTLB holds. Default: 64. */
  readonly iotlbEntries?: number;
}

export interface PhysicalMachineParts extends MachineParts {
  readonly display: Display;
  /** Whether the GPU has virtual functions. Default: no. */
  readonly sriov?: boolean;
}

/** With one board. */
export function physicalMachine(parts: PhysicalMachineParts): {
  readonly host: Host;
  readonly bell: Bell;
} {
  const { profile, sriov = false } = parts;
  const host = unfinished(parts, parts.display);
  const bell = addPort(host, 0).plug(
    BOARD,
    (ports) => new Bell(ports, engineRates(profile, 'engine'), { sriov }),
  );
  host.enumerate();
  return { host, bell };
}

/** With a board for each display. @throws InputError when there is no room for so many. */
export function machineWithGpus(
  parts: MachineParts,
  displays: readonly Display[],
): { readonly host: Host; readonly bells: readonly Bell[] } {
  if (displays.length > MOST_PORTS) {
    throw new InputError(
      `'passthrough': the machine has room for ${MOST_PORTS} GPUs, too few for ${displays.length} guests: give it at most ${MOST_PORTS}.`,
    );
  }
  const host = unfinished(parts, displays[0]);
  const rates = engineRates(parts.profile, 'engine');
  const { audio: multifunction = false } = parts;
  const bells = displays.map((display, index) => {
    const port = addPort(host, index);
    const options = { serial: index + 1, multifunction };
    const bell = port.plug(BOARD, (ports) => new Bell({ ...ports, display }, rates, options));
    if (multifunction) {
      port.plug(AUDIO, (ports) => new Audio(ports, { multifunction }));
    }
    return bell;
  });
  host.enumerate();
  return { host, bells };
}

/** With none: the root port leads nowhere. */
export function machineWithoutGpu(parts: Omit<PhysicalMachineParts, 'sriov'>): Host {
  const host = unfinished(parts, parts.display);
  addPort(host, 0);
  host.enumerate();
  return host;
}

/** With one or without, for what draws on it or does not. */
export function machineWith(
  hasGpu: boolean,
  parts: PhysicalMachineParts,
): { readonly host: Host; readonly bell: Bell | undefined } {
  return hasGpu ? physicalMachine(parts) : { host: machineWithoutGpu(parts), bell: undefined };
}

function unfinished({ guests = 1, ...parts }: MachineParts, display: Display): Host {
  const memoryBytes = HOST_BYTES + guests * guestBytes(guests);
  return new Host({ ...parts, display, memoryBytes });
}

function addPort(host: Host, index: number): Port {
  return host.addPort(bdf(0, index + 1, 0), 'ROOT_PORT', { acs: true });
}
