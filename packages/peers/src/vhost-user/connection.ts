/** What a vhost-user-gpu connection is made of: whose device it serves, and what is counted. */
import type { Display, VirtioHost } from '@doorbell/abi';
import type { DisplaySinks, VirtioGpu, VirtioGpuParts } from '@doorbell/pv-backend';
import type { Libc } from '../native/libc.ts';
import type { PeerRecorder } from '../trace/peer-recorder.ts';

/**
 * What the device tells whoever shows it, besides the pixels, and how it has them: with
 * `keepsPixels` they are in the format that `onScanout.configure` was told of. A backend that needs
 * R, G, B, A may say false in place of it. `trace` and `follower` are there when somebody records.
 */
export type GpuSinks = Required<DisplaySinks> & Partial<Pick<VirtioGpuParts, 'trace' | 'follower'>>;

/** A renderer and the device in front of it: what the lab's `remoteBackend` makes. */
export interface GpuBackend {
  /** Makes the device, once. What it shows goes to `display`. */
  create(host: VirtioHost, display: Display, sinks: GpuSinks): VirtioGpu;
  /** Counters of the device, as numbers by name: `command.NAME`, `kicks`, `bytesFetched` and so on. */
  counts(): Readonly<Record<string, number>>;
  /** Stops the device, and gives back all that its renderer holds. */
  close(): Promise<void>;
}

export interface VhostUserParts {
  /** Connected. It is ours from now on. */
  readonly socket: number;
  readonly libc: Libc;
  /** It is ours from now on: closed when the connection has ended. */
  readonly backend: GpuBackend;
  /** Ends the connection. */
  readonly signal?: AbortSignal;
  /** Records what the guest does with the device. Absent: nobody does. */
  readonly recorder?: PeerRecorder | undefined;
}

export interface ConnectionCounts {
  /** vhost-user messages that came. */
  readonly messages: number;
  /** Eventfds of the guest that were found set, and ours that were set. */
  readonly kicks: number;
  readonly calls: number;
  /** Flushes that were to be seen; messages that showed them; bytes to the GPU socket. */
  readonly frames: number;
  readonly updates: number;
  readonly bytesShown: number;
  /** As `GpuBackend.counts` has them. */
  readonly device: Readonly<Record<string, number>>;
}

export interface VhostUserConnection {
  /**
   * Resolves, with one line that says why, when the connection has ended: the other side left,
   * broke a rule, or `close` was called. The device is stopped and `backend.close` was called; all
   * descriptors are closed and nothing of the guest is mapped. It never rejects.
   */
  readonly closed: Promise<string>;
  /** Up to now; stays readable at the end. */
  readonly counts: ConnectionCounts;
  /**
   * Resolves when the front-end has taken all that the guest has flushed until now, or nobody is
   * there. Pictures are sent at the rate of a monitor, so that what a guest has had answered may be
   * some milliseconds from being seen.
   */
  taken(): Promise<void>;
  /** Ends the connection; resolves as `closed` does. */
  close(): Promise<string>;
}
