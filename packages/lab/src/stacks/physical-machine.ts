/** The physical machine of the stacks: one GPU, on a board behind a root port that isolates it. */
import { bdf, type Display } from '@doorbell/abi';
import { Bell } from '@doorbell/device-model';
import { Host, type IommuMode, type Port, type Profile } from '@doorbell/hypervisor';
import { engineRates } from './engine-rates.ts';

const HOST_BYTES = 256 << 20;
/** Where the host finds the GPU: 01:00.0, right behind the root port at 00:01.0. */
export const HOST_GPU = bdf(1, 0, 0);
const ROOT_PORT = bdf(0, 1, 0);
/** On the bus behind it. */
const BOARD = bdf(0, 0, 0);

export interface PhysicalMachineParts {
  readonly profile: Profile;
  readonly display: Display;
  readonly iommu: IommuMode;
  /** Whether the GPU has virtual functions. Default: no. */
  readonly sriov?: boolean;
  /** VFIO maps pages of 4 KiB one by one. Default: large ones where it can. */
  readonly disableHugepages?: boolean;
  /** Translations that the IOTLB holds. Default: 64. */
  readonly iotlbEntries?: number;
}

/** With the board. */
export function physicalMachine(parts: PhysicalMachineParts): {
  readonly host: Host;
  readonly bell: Bell;
} {
  const { profile, sriov = false } = parts;
  const { host, port } = unfinished(parts);
  const bell = port.plug(
    BOARD,
    (ports) => new Bell(ports, engineRates(profile, 'engine'), { sriov }),
  );
  host.enumerate();
  return { host, bell };
}

/** Without it: the root port leads nowhere. */
export function machineWithoutGpu(parts: PhysicalMachineParts): Host {
  const { host } = unfinished(parts);
  host.enumerate();
  return host;
}

/** With it or without, for what draws on it or does not. */
export function machineWith(
  hasGpu: boolean,
  parts: PhysicalMachineParts,
): { readonly host: Host; readonly bell: Bell | undefined } {
  return hasGpu ? physicalMachine(parts) : { host: machineWithoutGpu(parts), bell: undefined };
}

function unfinished({ sriov: _sriov, ...parts }: PhysicalMachineParts): {
  readonly host: Host;
  readonly port: Port;
} {
  const host = new Host({ ...parts, memoryBytes: HOST_BYTES });
  return { host, port: host.addPort(ROOT_PORT, 'ROOT_PORT', { acs: true }) };
}
