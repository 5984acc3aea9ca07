/** The paravirtual pair with its backend elsewhere: what the world around the lab has to hand it. */
import type { BusMaster, Clock, Display, Dma, Memory, VirtioTransport } from '@doorbell/abi';
import type { RendererKind } from '../renderers/index.ts';
import type { PvCounts } from '../stacks/stack.ts';

/** The driver's side of the pair, as a machine without the device has it. */
export interface RemoteRequest {
  readonly renderer: RendererKind;
  readonly memory: Memory;
  readonly dma: Dma;
  /** How the device, were it here, would reach memory. */
  readonly bus: BusMaster;
  /** All of RAM, by physical address. */
  readonly ram: ArrayBufferLike;
  /** Keeps the pixels that it is given. */
  readonly display: Display;
  /** To be called for each device that takes the place of one that was lost. */
  readonly onReplaced: () => void;
  readonly size: { readonly width: number; readonly height: number };
}

/** A way to a backend, with what the driver has to use in place of its machine's. */
export interface RemotePair {
  readonly transport: VirtioTransport;
  readonly memory: Memory;
  readonly dma: Dma;
  readonly clock: Clock;
  /** The pair can be put together again after the backend was lost. */
  readonly recovers: boolean;
  /** How long a lost backend is waited for, if it recovers. */
  readonly recoveryNs?: number;
  /** Why the backend is lost, as far as this end knows; undefined while it is not. */
  readonly lost: () => string | undefined;
  /** Of both sides; asked for before the driver lets go. */
  counts(): Promise<PvCounts>;
  /** Lets go of the backend, and ends it if it was started for this pair. */
  close(): Promise<void>;
}

/** The backend is of no use, or no longer; says why. */
export class BackendFailed extends Error {
  override readonly name = 'BackendFailed';
}

export type RemoteTransport = 'worker' | 'websocket';

export type ConnectBackend = (
  transport: RemoteTransport,
  request: RemoteRequest,
) => Promise<RemotePair>;
