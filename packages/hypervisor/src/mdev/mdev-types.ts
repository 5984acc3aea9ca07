/**
 * The types of mediated device that bell's driver offers: shares of one GPU
 * (Documentation/driver-api/vfio-mediated-device.rst, mdev_supported_types). A share is counted in
 * eighths: channels, VRAM, and what the host keeps for a guest's shadow page tables and snapshots.
 */

/** Shares that there are. */
export const UNITS = 8;

export interface MdevType {
  readonly name: string;
  /** Shares that an instance takes. */
  readonly units: number;
  readonly description: string;
}

const type = (instances: number): MdevType => ({
  name: `bell-${instances}`,
  units: UNITS / instances,
  description: `1/${instances} of the channels and the VRAM of a bell`,
});

/** The number in a name is how many of them there can be. */
export const mdevTypes: readonly MdevType[] = [1, 2, 4, 8].map(type);
