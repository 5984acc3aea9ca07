/** What a reset of a device's bus would reset besides, and whether its user may. */
import type { Bdf } from '@doorbell/abi';

/** How the host's topology resets buses: all functions below a bridge at once (Secondary Bus Reset). */
export interface ResetBuses {
  /** The functions that a reset of the bus of `at` resets; undefined on the root bus, which has no bridge. */
  affected(at: Bdf): readonly Bdf[] | undefined;
  reset(at: Bdf): void;
}

/** A group's file, as a user passes it to show that the group is its own. */
export interface GroupFile {
  /** The group's number; undefined when the file is closed. */
  readonly openGroup: number | undefined;
}

/** VFIO_DEVICE_GET_PCI_HOT_RESET_INFO: an affected function. */
export interface AffectedFunction {
  readonly bdf: Bdf;
  readonly group: number;
  /**
   * Of a device that was opened by its own file: the function's id in the same iommufd, `owned`
   * when it is not bound but its group is the iommufd's, `not-owned` otherwise.
   */
  readonly devId?: number | 'owned' | 'not-owned';
}

export interface HotResetInfo {
  readonly functions: readonly AffectedFunction[];
}

export interface ResetScope {
  /** @throws VfioError ENODEV; EPERM a function is in no group. */
  info(): HotResetInfo;
  /** @throws VfioError ENODEV, EBADF, EINVAL. */
  reset(groups: readonly GroupFile[]): void;
  /** The device is closed and cannot be reset alone: resets the bus when nobody uses any of it. */
  resetUnused(): void;
}
