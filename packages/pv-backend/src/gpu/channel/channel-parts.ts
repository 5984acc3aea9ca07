/** What a virtio-gpu needs in order to give its driver channels of the physical GPU. */
import type { ChannelHost, SharedPages } from '@doorbell/abi';

export interface ChannelParts {
  /** Who hands them out. */
  readonly host: ChannelHost;
  /** The device's shared memory region: where doorbell pages are mapped. */
  readonly shared: SharedPages;
  /** MSI-X vectors of the function that channels may interrupt by: the first, and how many. */
  readonly firstVector: number;
  readonly vectors: number;
  /** Signals one of them. */
  signal(vector: number): void;
}
