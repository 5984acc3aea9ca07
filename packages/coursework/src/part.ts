/**
 * What a package of coursework hands in: its default export is one of these. Each kind of part stands
 * in the place of one of the project's own, and has one contract, whose rules are at its declaration.
 */
import type { InvalidationKind, MediationKind, SchedulerKind } from '@doorbell/hypervisor';
import type { OpenOwnRenderer, OpenOwnTransport, OwnParts, ProbeDriver } from '@doorbell/lab';
import type { OpenSplitQueue } from '@doorbell/pv-backend';

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

/** When what a driver has unmapped is invalidated in the IOMMU. Its contract is `InvalidationPolicy` of `@doorbell/hypervisor`. */
export interface InvalidationPart extends InvalidationKind {
  readonly kind: 'invalidation';
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
  | InvalidationPart
  | MediationPart
  | TransportPart;
export type PartKind = Part['kind'];
export type PartOf<K extends PartKind> = Extract<Part, { readonly kind: K }>;

/** The functions that a part of each kind has. */
const functions: Readonly<Record<PartKind, readonly string[]>> = {
  renderer: ['open'],
  driver: ['probe'],
  queue: ['open'],
  scheduler: ['make', 'due', 'defaultSliceNs'],
  invalidation: ['open'],
  mediation: ['open', 'passes'],
  transport: ['open'],
};
export const partKinds = Object.keys(functions) as readonly PartKind[];

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

/** As a stack takes it. */
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
    case 'invalidation':
      return { invalidation: part };
    case 'mediation':
      return { mediation: part };
    case 'transport':
      return { transport: part.open };
  }
}
