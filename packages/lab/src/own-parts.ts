/**
 * Parts that somebody else wrote, each in the place of one of the project's. A stack takes what it is
 * given: `pv:renderer=own` and `scheduler=own` ask for it by name, a driver or a queue is used
 * wherever the stack would use ours.
 */
import type {
  Clock,
  Display,
  Dma,
  Gpu,
  Memory,
  PciDevice,
  VirtioDevice,
  VirtioHost,
  VirtioTransport,
} from '@doorbell/abi';
import type { SchedulerKind } from '@doorbell/hypervisor';
import type { OpenSplitQueue } from '@doorbell/pv-backend';
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

/** What a virtio-gpu is made with, beside the transport that drives it. */
export interface DevicePlace {
  /** What draws. It is the caller's: the device frees what it made of it, and does not close it. */
  readonly renderer: Gpu;
  readonly clock: Clock;
  /** Runs a task of the device, until `stop`. It waits by `clock`, the host's memory and `renderer` alone. */
  readonly spawn: (body: () => Promise<void>) => void;
  /** The mode that the display prefers, in pixels. */
  readonly width: number;
  readonly height: number;
}

/** A virtio-gpu without its transport (VIRTIO 1.3 §5.7). */
export interface OwnDevice extends VirtioDevice {
  /** The display prefers another mode: the configuration changes, and the driver is told (§5.7.4.2). */
  resize(width: number, height: number): void;
  /** Unplugs the device, for good: gives all back to the renderer, and waits for its tasks to end. */
  stop(): Promise<void>;
}

export type OpenOwnDevice = (host: VirtioHost, place: DevicePlace) => OwnDevice;

/** What the driver of a virtio-gpu is handed beside the way to it. */
export interface FrontendPlace {
  readonly memory: Memory;
  readonly dma: Dma;
  readonly clock: Clock;
}

/**
 * Takes a virtio-gpu in hand (VIRTIO 1.3 §3.1.1). When it fails it holds nothing, and has released
 * the transport; `remove` resets the device, gives back all that is held, and releases it.
 */
export type ProbeFrontend = (
  transport: VirtioTransport,
  place: FrontendPlace,
) => Promise<OwnDriver>;

export interface OwnParts {
  /** What a paravirtual backend draws on. */
  readonly renderer?: OpenOwnRenderer;
  readonly scheduler?: SchedulerKind;
  /** The device half of a split virtqueue (VIRTIO 1.3 §2.7), in a paravirtual backend. */
  readonly queue?: OpenSplitQueue;
  /** In the guest, whatever device the stack gives it. */
  readonly driver?: ProbeDriver;
  /** In the place of the backend, with the renderer that it would have. */
  readonly device?: OpenOwnDevice;
  /** The enlightened driver, in a guest that has a virtio-gpu. */
  readonly frontend?: ProbeFrontend;
}

/** @throws InputError when there is none: `what` is asked for by an option, and nobody gave it. */
export function needOwn<T>(part: T | undefined, what: 'renderer' | 'scheduler'): T {
  if (part === undefined) {
    throw new InputError(`${what}=${OWN} is a ${what} of your own: name its folder with --with.`);
  }
  return part;
}
