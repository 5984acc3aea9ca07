/** A stack, assembled: a machine with bell in it, and the computer on which bell's driver runs. */
import { type Bdf, bdf, bellBars, type Display, type Gpu } from '@doorbell/abi';
import type { Bell } from '@doorbell/device-model';
import { probeBell } from '@doorbell/guest-driver';
import type { Computer, Host, Profile, Vm } from '@doorbell/hypervisor';

/** A driver that has its device in hand. */
export interface StackDriver {
  open(): Promise<Gpu>;
  remove(): void | Promise<void>;
}

/** What runs on the host beside a guest, such as a backend: as tasks of the host's CPU. */
export interface HostService {
  /** Ends before the guest begins. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What the paravirtual pair did. */
export interface PvCounts {
  /** Notifications of the driver's that reached the device. */
  readonly kicks: number;
  /** Notifications that were not sent, because the other side had asked for none. */
  readonly suppressedNotifications: number;
  readonly descriptors: number;
  /** Commands by type, as VIRTIO 1.3 names them. */
  readonly commands: Readonly<Record<string, number>>;
  /** Bytes of shared memory that travelled with a publication, both ways. */
  readonly bytesMirrored: number;
  /** Bytes of all messages, both ways. */
  readonly bytesOnWire: number;
  /** Times that the backend was lost and taken in hand anew: its own counts begin again then. */
  readonly reconnections: number;
}

export const noPvCounts: PvCounts = {
  ...{ kicks: 0, suppressedNotifications: 0, descriptors: 0, commands: {} },
  ...{ bytesMirrored: 0, bytesOnWire: 0, reconnections: 0 },
};

export interface Stack {
  readonly host: Host;
  /** Undefined on bare metal. */
  readonly vm: Vm | undefined;
  /** Where the driver runs. */
  readonly computer: Computer;
  /** Where the driver finds its device. */
  readonly bdf: number;
  /** The GPU that does the work, if one does. */
  readonly bell: Bell | undefined;
  /** Nanoseconds that engines of the GPU, or what stands for it, were busy, by name. */
  readonly busyNs: () => Readonly<Record<string, number>>;
  /** Loads the driver. */
  readonly probe: () => Promise<StackDriver>;
  readonly service?: HostService;
  /** Of the paravirtual pair. */
  readonly pvCounts?: () => PvCounts;
}

export interface StackParts {
  readonly profile: Profile;
  readonly options: Readonly<Record<string, string>>;
  readonly display: Display;
}

/** 00:02.0: where a guest finds its GPU, as integrated ones sit. */
export const GUEST_GPU = bdf(0, 2, 0);
export const VRAM_BYTES = bellBars.VRAM.size;
export const GUEST_BYTES = 128 << 20;

/** Loads bell's own driver: in the stacks whose guest is not to know where it is. */
export function bellDriver(computer: Computer, at: Bdf): () => Promise<StackDriver> {
  return () => probeBell(computer.device(at));
}

/** The whole of a stack's state, as plain data. */
export function saveStack(stack: Stack): { readonly host: unknown; readonly vm: unknown } {
  return { host: stack.host.save(), vm: stack.vm?.save() };
}

export function loadStack(stack: Stack, state: ReturnType<typeof saveStack>): void {
  stack.host.load(state.host);
  stack.vm?.load(state.vm);
}
