/** Who has each device at a saved state: IOMMU groups as VFIO has them, and what stands for a guest's device. */
import type { Bdf } from '@doorbell/abi';
import type { ContainerState, GroupOwnership, MemberOwnership } from '@doorbell/hypervisor';
import type { StackState } from '../../stacks/stack.ts';
import { functionsOf, hostOf, vmOf, type DeviceKind } from './saved.ts';

export type { ContainerState, GroupOwnership, MemberOwnership };

/** What a guest takes for its device. */
export type Backing =
  /** A function of the host, by VFIO. */
  | 'assigned'
  /** A share of one, which the host's driver mediates. */
  | 'mediated'
  /** A virtio device of a backend, which uses a driver of the host or draws in software. */
  | 'backend'
  /** A device model in software. */
  | 'emulated';

export interface GuestDevice {
  readonly guest: number;
  /** On the guest's bus. */
  readonly bdf: Bdf;
  readonly kind: DeviceKind;
  readonly backing: Backing;
  /** Its guest has ended, and nobody has it any more. */
  readonly isGone: boolean;
}

export interface Ownership {
  /** Whether the host's IOMMU is on: without it there are no groups. */
  readonly iommu: boolean;
  readonly groups: readonly GroupOwnership[];
  /** Empty on bare metal: what drives a device is the host's driver, for its processes. */
  readonly devices: readonly GuestDevice[];
}

export function ownershipOf(state: StackState): Ownership {
  const { iommu, ownership } = hostOf(state);
  return {
    iommu: iommu.enabled,
    groups: ownership,
    devices: functionsOf(state).flatMap(({ guest, bdf, kind, state: own }) => {
      const vm = guest < 0 ? undefined : vmOf(state, guest);
      if (vm === undefined) {
        return [];
      }
      const isAssigned = vm.assigned.some(([, saved]) => saved === own);
      const backing = isAssigned ? 'assigned' : modelOf(state, kind);
      return [{ guest, bdf, kind, backing, isGone: vm.isEnded }];
    }),
  };
}

function modelOf({ keeper }: StackState, kind: DeviceKind): Backing {
  if (kind === 'virtio') {
    return 'backend';
  }
  return keeper === undefined ? 'emulated' : 'mediated';
}
