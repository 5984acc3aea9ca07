/** The device is not what the driver is for, or refuses what the driver needs. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
}
