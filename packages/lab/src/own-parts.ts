/**
 * Parts that somebody else wrote, each in the place of one of the project's. A stack takes what it is
 * given: `pv:renderer=own`, `scheduler=own` and `iommu=own` ask for it by name, a driver or a queue is
 * used wherever the stack would use ours.
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
import type { InvalidationKind, MediationKind, SchedulerKind } from '@doorbell/hypervisor';
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

/**
 * The driver's half of virtio over PCI (VIRTIO 1.3 §4.1). Takes the function in hand; what it throws
 * when that is no virtio device is the driver's failure, and nothing of the function is changed then.
 */
export type OpenOwnTransport = (device: PciDevice) => VirtioTransport;

export interface OwnParts {
  /** What a paravirtual backend draws on. */
  readonly renderer?: OpenOwnRenderer;
  readonly scheduler?: SchedulerKind;
  /** Of a DMA API over an IOMMU: the host's, or a guest's. */
  readonly invalidation?: InvalidationKind;
  /** Of a mediated bell: what traps, and when shadow page tables follow. */
  readonly mediation?: MediationKind;
  /** How the driver of a paravirtual pair reaches its device. */
  readonly transport?: OpenOwnTransport;
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
  /** In the place of the backend, with the renderer that it would have. */
  readonly device?: OpenOwnDevice;
  /** The enlightened driver, in a guest that has a virtio-gpu. */
  readonly frontend?: ProbeFrontend;
}

/** The options that ask for a part by name, and what it is in words. */
export const askedParts = {
  renderer: { options: ['renderer'], words: 'a renderer' },
  scheduler: { options: ['scheduler'], words: 'a scheduler' },
  invalidation: { options: ['iommu', 'viommu'], words: 'an invalidation policy' },
  mediation: { options: ['shadow'], words: 'a mediation policy' },
  transport: { options: ['transport'], words: 'a transport' },
} as const satisfies Partial<
  Record<keyof OwnParts, { readonly options: readonly string[]; readonly words: string }>
>;
export type AskedPart = keyof typeof askedParts;

/**
 * @param option  the one that asks for it, of the part's options.
 * @throws InputError when nobody gave it.
 */
export function needOwn<W extends AskedPart>(
  own: OwnParts | undefined,
  what: W,
  option: (typeof askedParts)[W]['options'][number] = askedParts[what].options[0],
): NonNullable<OwnParts[W]> {
  const part = own?.[what];
  if (part === undefined) {
    const { words } = askedParts[what];
    throw new InputError(`${option}=${OWN} is ${words} of your own: name its folder with --with.`);
  }
  return part;
}
