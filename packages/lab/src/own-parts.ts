/**
 * Parts that somebody else wrote, each in the place of one of the project's. A stack takes what it is
 * given: `pv:renderer=own` and `scheduler=own` ask for it by name, a driver or a queue is used
 * wherever the stack would use ours.
 */
import type { Display, Gpu, PciDevice } from '@doorbell/abi';
import type { SchedulerKind } from '@doorbell/hypervisor';
import type { OpenPackedQueue, OpenSplitQueue } from '@doorbell/pv-backend';
import type { OpenDriverQueue } from '@doorbell/pv-frontend';
import { InputError } from './input-error.ts';

/** The value of an option that asks for a part of one's own. */
export const OWN = 'own';

/** What a renderer is opened with. */
export interface RendererPlace {
  /** Where `present` shows its images. */
  readonly display: Display;
  /** How much all its resources together may have, in bytes. */
  readonly memoryBytes: number;
  /** Lets virtual time pass, in nanoseconds: what the work takes. */
  readonly spend: (ns: number) => void;
}

/** @throws GpuError when it cannot be had. */
export type OpenOwnRenderer = (place: RendererPlace) => Gpu | Promise<Gpu>;

/** A driver that has its device in hand. */
export interface OwnDriver {
  open(): Promise<Gpu>;
  remove(): void | Promise<void>;
}

/** Takes the device in hand. */
export type ProbeDriver = (device: PciDevice) => Promise<OwnDriver>;

export interface OwnParts {
  /** What a paravirtual backend draws on. */
  readonly renderer?: OpenOwnRenderer;
  readonly scheduler?: SchedulerKind;
  /** The device half of a split virtqueue (VIRTIO 1.3 §2.7), in a paravirtual backend. */
  readonly queue?: OpenSplitQueue;
  /** That of a packed one (§2.8): `ring=packed`. */
  readonly packedQueue?: OpenPackedQueue;
  /** The driver half of a split virtqueue, in the paravirtual driver. */
  readonly driverQueue?: OpenDriverQueue;
  /** That of a packed one: `ring=packed`. */
  readonly packedDriverQueue?: OpenDriverQueue;
  /** In the guest, whatever device the stack gives it. */
  readonly driver?: ProbeDriver;
}

/** @throws InputError when there is none: `what` is asked for by an option, and nobody gave it. */
export function needOwn<T>(part: T | undefined, what: 'renderer' | 'scheduler'): T {
  if (part === undefined) {
    throw new InputError(`${what}=${OWN} is a ${what} of your own: name its folder with --with.`);
  }
  return part;
}
