/** A saved state, as what it is: the functions that there are, whose they are, and their memories. */
import { bellIds, eduIds, VIRTIO_PCI_VENDOR, type0Header, type Bdf } from '@doorbell/abi';
import type { BellState, MsixState } from '@doorbell/device-model';
import type { HostState, VmState } from '@doorbell/hypervisor';
import type { StackState } from '../../stacks/stack.ts';

export type DeviceKind = 'bell' | 'edu' | 'virtio' | 'bridge' | 'other';

/** One function of a bus. */
export interface SavedFunction {
  /** -1: the host's bus; else the guest's. */
  readonly guest: number;
  readonly bdf: Bdf;
  readonly kind: DeviceKind;
  readonly config: Uint8Array;
  readonly msix: MsixState | undefined;
  /** What a device model of bell, or one that mediates it, keeps in its function's registers. */
  readonly registers: Uint32Array | undefined;
  /** All of what the device keeps. */
  readonly state: unknown;
}

export function hostOf({ host }: StackState): HostState {
  if (!isHost(host)) {
    throw new RangeError('This is no state of a machine.');
  }
  return host;
}

function isHost(saved: unknown): saved is HostState {
  return typeof saved === 'object' && saved !== null && 'machine' in saved && 'iommu' in saved;
}

/** Of the guest; undefined on bare metal. */
export function vmOf({ vms }: StackState, guest: number): VmState | undefined {
  const saved = vms[guest];
  return isVm(saved) ? saved : undefined;
}

function isVm(saved: unknown): saved is VmState {
  return typeof saved === 'object' && saved !== null && 'models' in saved && 'assigned' in saved;
}

/** Of the host's bus, then of each guest's. */
export function functionsOf(state: StackState): readonly SavedFunction[] {
  const host = hostOf(state).devices.map(([bdf, saved]) => savedFunction(-1, bdf, saved));
  const guests = state.vms.flatMap((_, guest) => {
    const vm = vmOf(state, guest);
    const models = vm?.models.map(([bdf, saved]) => savedFunction(guest, bdf, saved)) ?? [];
    const assigned = vm?.assigned.map(([bdf, saved]) => ({
      ...{ guest, bdf, kind: kindOf(saved.vfio.config), config: saved.vfio.config },
      ...{ msix: saved.msix, registers: undefined, state: saved },
    }));
    return [...models, ...(assigned ?? [])];
  });
  return [...host, ...guests];
}

function savedFunction(guest: number, bdf: Bdf, state: unknown): SavedFunction {
  const { config, msix } = pciOf(state);
  return { guest, bdf, kind: kindOf(config), config, msix, registers: registersOf(state), state };
}

function pciOf(state: unknown): {
  readonly config: Uint8Array;
  readonly msix: MsixState | undefined;
} {
  if (typeof state === 'object' && state !== null) {
    if ('pci' in state) {
      return pciOf(state.pci);
    }
    if ('config' in state && state.config instanceof Uint8Array) {
      const msix = 'msix' in state && isMsix(state.msix) ? state.msix : undefined;
      return { config: state.config, msix };
    }
  }
  return { config: new Uint8Array(type0Header.size), msix: undefined };
}

function isMsix(saved: unknown): saved is MsixState {
  return typeof saved === 'object' && saved !== null && 'table' in saved && 'pending' in saved;
}

function registersOf(state: unknown): Uint32Array | undefined {
  const has = typeof state === 'object' && state !== null && 'registers' in state;
  return has && state.registers instanceof Uint32Array ? state.registers : undefined;
}

function kindOf(config: Uint8Array): DeviceKind {
  const { VENDOR_ID, DEVICE_ID, HEADER_TYPE } = type0Header.rows;
  const word = (at: number): number => config[at] | (config[at + 1] << 8);
  const [vendor, device] = [word(VENDOR_ID.offset), word(DEVICE_ID.offset)];
  if ((config[HEADER_TYPE.offset] & 0x7f) === 1) {
    return 'bridge';
  }
  if (vendor === VIRTIO_PCI_VENDOR) {
    return 'virtio';
  }
  if (vendor === eduIds.vendor && device === eduIds.device) {
    return 'edu';
  }
  // A virtual function has ids of all ones in its own configuration space (PCIe 6.0 §9.3.4.1).
  const isBell = vendor === bellIds.vendor && device === bellIds.device;
  return isBell || vendor === 0xffff ? 'bell' : 'other';
}

/** A part that runs packets: channels, MMU, VRAM. Undefined for a function that has none of its own. */
export function partOf({ state }: SavedFunction): BellState | undefined {
  return isBellState(state) ? state : undefined;
}

function isBellState(saved: unknown): saved is BellState {
  return typeof saved === 'object' && saved !== null && 'channels' in saved && 'vram' in saved;
}

/** How many device models of a GPU there are. */
export function modelsOf(state: StackState): number {
  return functionsOf(state).filter((each) => each.guest >= 0 && partOf(each) !== undefined).length;
}
