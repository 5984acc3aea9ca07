/**
 * Parts that somebody else wrote, each in the place of one of the project's. A stack takes what it is
 * given: `pv:renderer=own`, `scheduler=own` and `iommu=own` ask for it by name, a driver or a queue is
 * used wherever the stack would use ours.
 */
import type { Display, Gpu, PciDevice, VirtioTransport } from '@doorbell/abi';
import type { InvalidationKind, MediationKind, SchedulerKind } from '@doorbell/hypervisor';
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
  /** In the guest, whatever device the stack gives it. */
  readonly driver?: ProbeDriver;
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
