/**
 * What a package of coursework hands in: its default export is one of these. Each kind of part stands
 * in the place of one of the project's own, and has one contract, whose rules are at its declaration.
 */
import type { InvalidationKind, MediationKind, SchedulerKind } from '@doorbell/hypervisor';
import type {
  OpenOwnDevice,
  OpenOwnRenderer,
  OpenOwnTransport,
  OwnParts,
  ProbeDriver,
  ProbeFrontend,
} from '@doorbell/lab';
import type { OpenPackedQueue, OpenSplitQueue } from '@doorbell/pv-backend';
import type { OpenDriverQueue } from '@doorbell/pv-frontend';
import type { OpenChannel } from './channel/channel-driver.ts';
import type { ProbeEdu } from './edu/edu-driver.ts';

/** A renderer: what a paravirtual backend draws on. Its contract is `Gpu` of `@doorbell/abi`. */
export interface RendererPart {
  readonly kind: 'renderer';
  readonly name: string;
  readonly open: OpenOwnRenderer;
}

/** Who has the GPU next. Its contracts are `SchedulerKind` of `@doorbell/hypervisor`, and `Arbiter` of `@doorbell/abi`. */
export interface SchedulerPart extends SchedulerKind {
  readonly kind: 'scheduler';
}

/** The driver of bell, unmodified or not: what the datasheet asks of software. It gives a `Gpu`. */
export interface DriverPart {
  readonly kind: 'driver';
  readonly name: string;
  readonly probe: ProbeDriver;
}

/** The device half of a split virtqueue. Its contract is `DeviceQueue` of `@doorbell/pv-backend`, and VIRTIO 1.3 §2.7. */
export interface QueuePart {
  readonly kind: 'queue';
  readonly name: string;
  readonly open: OpenSplitQueue;
}

/** The driver of edu, to begin with. Its contract is `EduDriver`, and docs/reference/edu.md. */
export interface EduPart {
  readonly kind: 'edu';
  readonly name: string;
  readonly probe: ProbeEdu;
}

/** Who drives one channel of bell. Its contract is `ChannelDriver`. */
export interface ChannelPart {
  readonly kind: 'channel';
  readonly name: string;
  readonly open: OpenChannel;
}

/** When what a driver has unmapped is invalidated in the IOMMU. Its contract is `InvalidationPolicy` of `@doorbell/hypervisor`. */
export interface InvalidationPart extends InvalidationKind {
  readonly kind: 'invalidation';
}

/**
 * A part that makes a stack cheaper, and the claim that it does. What counts is virtual time, so the
 * part is one whose work the machine prices: accesses, mappings, exits.
 */
export interface ProjectPart {
  readonly kind: 'project';
  readonly name: string;
  readonly part: ProjectedPart;
  /** The stack with the part in it, as for --stacks: `passthrough:viommu=own`. */
  readonly stack: string;
  /** The same stack with this project's own part: `passthrough:viommu=strict`. */
  readonly against: string;
  /** What is drawn, and how many frames of it. */
  readonly scene: string;
  readonly frames: number;
  /** Why it is cheaper, and what that costs: for a reader. */
  readonly argument: string;
}

/** Of a renderer or a scheduler nobody counts what it does. */
export type ProjectedPart = DriverPart | QueuePart | InvalidationPart | MediationPart;

/** The device half of a packed virtqueue. Its contract is `DeviceQueue` too, and VIRTIO 1.3 §2.8. */
export interface PackedQueuePart {
  readonly kind: 'packed-queue';
  readonly name: string;
  readonly open: OpenPackedQueue;
}

/** The driver half of a split virtqueue. Its contract is `DriverQueue` of `@doorbell/pv-frontend`, and VIRTIO 1.3 §2.7. */
export interface DriverQueuePart {
  readonly kind: 'driver-queue';
  readonly name: string;
  readonly open: OpenDriverQueue;
}

/** The driver half of a packed virtqueue. Its contract is `DriverQueue` too, and VIRTIO 1.3 §2.8. */
export interface PackedDriverQueuePart {
  readonly kind: 'packed-driver-queue';
  readonly name: string;
  readonly open: OpenDriverQueue;
}

/** A virtio-gpu without its transport. Its contract is `OwnDevice` of `@doorbell/lab`, and VIRTIO 1.3 §2, §5.7. */
export interface DevicePart {
  readonly kind: 'device';
  readonly name: string;
  readonly open: OpenOwnDevice;
}

/** The driver of a virtio-gpu, over any transport: what VIRTIO 1.3 §2, §3, §5.7 ask of it. It gives a `Gpu`. */
export interface FrontendPart {
  readonly kind: 'frontend';
  readonly name: string;
  readonly probe: ProbeFrontend;
}

/** How a guest's share of a bell is mediated. Its contract is `MediationPolicy` of `@doorbell/hypervisor`. */
export interface MediationPart extends MediationKind {
  readonly kind: 'mediation';
}

/** The driver's half of virtio over PCI. Its contract is `VirtioTransport` of `@doorbell/abi`, and VIRTIO 1.3 §4.1. */
export interface TransportPart {
  readonly kind: 'transport';
  readonly name: string;
  readonly open: OpenOwnTransport;
}

export type Part =
  | RendererPart
  | SchedulerPart
  | DriverPart
  | QueuePart
  | EduPart
  | ChannelPart
  | ProjectPart
  | InvalidationPart
  | PackedQueuePart
  | DriverQueuePart
  | PackedDriverQueuePart
  | DevicePart
  | FrontendPart
  | MediationPart
  | TransportPart;
export type PartKind = Part['kind'];
export type PartOf<K extends PartKind> = Extract<Part, { readonly kind: K }>;

/** The functions that a part of each kind has. */
const functions: Readonly<Record<PartKind, readonly string[]>> = {
  renderer: ['open'],
  driver: ['probe'],
  scheduler: ['make', 'due', 'defaultSliceNs'],
  invalidation: ['open'],
  mediation: ['open', 'passes'],
  transport: ['open'],
  queue: ['open'],
  'packed-queue': ['open'],
  'driver-queue': ['open'],
  'packed-driver-queue': ['open'],
  device: ['open'],
  frontend: ['probe'],
  edu: ['probe'],
  channel: ['open'],
  project: [],
};
export const partKinds = Object.keys(functions) as readonly PartKind[];

/** Kinds that there is no template of: they are checked, and `doorbell new` does not make them. */
const checkedOnly = ['device', 'frontend'] as const;
export type NewKind = Exclude<PartKind, (typeof checkedOnly)[number]>;
export const newKinds: readonly NewKind[] = partKinds.filter(isNewKind);

export function isNewKind(value: string): value is NewKind {
  return isKind(value) && !checkedOnly.some((kind) => kind === value);
}

export function isKind(value: unknown): value is PartKind {
  return typeof value === 'string' && Object.hasOwn(functions, value);
}

/** What is wrong with a value that should be a part: the rest of a sentence about it. Undefined: nothing. */
export function partProblem(value: unknown): string | undefined {
  const known = partKinds.join(', ');
  if (typeof value !== 'object' || value === null) {
    return `is no part: it should be an object with a kind, which is one of ${known}`;
  }
  const kind: unknown = Reflect.get(value, 'kind');
  if (!isKind(kind)) {
    return `is of no kind: its kind should be one of ${known}`;
  }
  if (typeof Reflect.get(value, 'name') !== 'string') {
    return 'has no name: give it one, as text';
  }
  const missing = functions[kind].find((name) => typeof Reflect.get(value, name) !== 'function');
  return missing === undefined ? undefined : `is a ${kind} without the function ${missing}`;
}

/** As a stack takes it: nothing, where no stack has such a part. */
export function ownParts(part: Part): OwnParts {
  switch (part.kind) {
    case 'renderer':
      return { renderer: part.open };
    case 'scheduler':
      return { scheduler: part };
    case 'driver':
      return { driver: part.probe };
    case 'queue':
      return { queue: part.open };
    case 'edu':
    case 'channel':
      return {};
    case 'project':
      return ownParts(part.part);
    case 'invalidation':
      return { invalidation: part };
    case 'packed-queue':
      return { packedQueue: part.open };
    case 'driver-queue':
      return { driverQueue: part.open };
    case 'packed-driver-queue':
      return { packedDriverQueue: part.open };
    case 'device':
      return { device: part.open };
    case 'frontend':
      return { frontend: part.probe };
    case 'mediation':
      return { mediation: part };
    case 'transport':
      return { transport: part.open };
  }
}
