/** What the device did since it was made, as numbers. */
export interface DeviceCounts {
  /** Commands, by name. */
  readonly commands: Readonly<Record<string, number>>;
  /** Available buffer notifications that reached the device. */
  readonly kicks: number;
  readonly chains: number;
  /** Descriptors that were read. */
  readonly descriptors: number;
  /** Used buffer notifications that the driver did not want. */
  readonly suppressed: number;
  readonly bytesFetched: number;
  readonly bytesStored: number;
  /** Commands that were refused. */
  readonly errors: number;
}

/** The same while it is being counted. */
export interface Tally {
  readonly commands: Record<string, number>;
  kicks: number;
  chains: number;
  descriptors: number;
  suppressed: number;
  errors: number;
}

export function newTally(): Tally {
  return { commands: {}, kicks: 0, chains: 0, descriptors: 0, suppressed: 0, errors: 0 };
}
