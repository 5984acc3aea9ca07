/** A stack, assembled: a machine with bell in it, and the guests whose drivers reach it. */
import {
  type Bdf,
  bdf,
  bellBars,
  type Display,
  type PciDevice,
  type Stateful,
} from '@doorbell/abi';
import type { Bell, Engine } from '@doorbell/device-model';
import { probeBell } from '@doorbell/guest-driver';
import {
  DEFAULT_WEIGHT,
  type Computer,
  type Cpu,
  type GpuSharing,
  type Host,
  type Profile,
  type Vm,
  type VmOptions,
} from '@doorbell/hypervisor';
import type { StackBug } from '../bugs/bug.ts';
import type { OwnDriver, OwnParts } from '../own-parts.ts';

export type StackDriver = OwnDriver;

/** What runs on the host beside a guest, such as a backend: as tasks of a CPU of the host. */
export interface HostService {
  readonly cpu: Cpu;
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

/** A GPU that guests share, and which of its tenants this one is. */
export interface SharedGpu {
  readonly sharing: GpuSharing;
  readonly tenant: number;
}

/** Where an application runs: a guest, or a process on bare metal. */
export interface StackGuest {
  /** Undefined on bare metal. */
  readonly vm: Vm | undefined;
  /** Where the driver runs, and on which of its CPUs. */
  readonly computer: Computer;
  readonly cpu: Cpu;
  /** Where the driver finds its device. */
  readonly bdf: number;
  /** Loads the driver. */
  readonly probe: () => Promise<StackDriver>;
  /** What it has of a GPU; undefined when no bell does its work. */
  readonly gpu: SharedGpu | undefined;
  readonly service?: HostService;
  /** Of a process on bare metal that died: the kernel closes what it has open, in a task of its CPU. */
  readonly release?: () => Promise<void>;
  /** What the host keeps for it, when a backend serves it. */
  readonly backend?: Stateful<unknown>;
  /** Of the paravirtual pair. */
  readonly pvCounts?: () => PvCounts;
}

export interface Stack {
  readonly host: Host;
  /** As many as were asked for; each has its own driver, and memory that is nobody else's. */
  readonly guests: readonly StackGuest[];
  /** The GPUs that do the work, if any do. */
  readonly bells: readonly Bell[];
  /** Nanoseconds that engines of the GPU, or what stands for it, were busy, by name. */
  readonly busyNs: () => Readonly<Record<string, number>>;
  /** What the host's kernel keeps of a GPU that it divides. */
  readonly keeper?: Stateful<unknown>;
}

/** What a guest is given. */
export interface GuestParts {
  /** Where its frames appear. */
  readonly display: Display;
  /** To schedulers that know it: the guest's part against the others' weights. */
  readonly weight: number;
  /** To schedulers that know it: the most that it gets, in percent of the GPU; 0: no limit. */
  readonly cap: number;
}

export interface StackParts {
  readonly profile: Profile;
  readonly options: Readonly<Record<string, string>>;
  /** At least one. */
  readonly guests: readonly GuestParts[];
  /** What is wrong with it on purpose. */
  readonly bug?: StackBug | undefined;
  /** What somebody else wrote, in the place of ours. */
  readonly own?: OwnParts | undefined;
}

/** One guest, whom nobody takes anything from. */
export function alone(display: Display): readonly GuestParts[] {
  return [{ display, weight: DEFAULT_WEIGHT, cap: 0 }];
}

/** 00:02.0: where a guest finds its GPU, as integrated ones sit. */
export const GUEST_GPU = bdf(0, 2, 0);
export const VRAM_BYTES = bellBars.VRAM.size;
export const GUEST_BYTES = 128 << 20;
/** All guests together have no more. */
const MOST_GUEST_BYTES = 1536 << 20;
const LEAST_GUEST_BYTES = 16 << 20;
const LARGE_PAGE = 2 << 20;

/** RAM of each guest, when there are so many. */
export function guestBytes(guests: number): number {
  const share = Math.floor(MOST_GUEST_BYTES / guests / LARGE_PAGE) * LARGE_PAGE;
  return Math.max(LEAST_GUEST_BYTES, Math.min(GUEST_BYTES, share));
}

export function vmOptions({ options, guests }: StackParts, index: number): VmOptions {
  return {
    name: guests.length === 1 ? 'guest' : `guest${index}`,
    ramBytes: guestBytes(guests.length),
    postedInterrupts: options['posted-interrupts'] === 'on',
  };
}

/** Of several GPUs together. */
export function sumBusy(bells: readonly Bell[]): Readonly<Record<Engine, number>> {
  const total = (engine: Engine): number =>
    bells.reduce((sum, { counts }) => sum + counts.busyNs[engine], 0);
  return { copy: total('copy'), render: total('render'), other: total('other') };
}

/** What the driver of the function at `at` is handed. */
export function driverPorts(computer: Computer, at: Bdf, bug: StackBug | undefined): PciDevice {
  const device = computer.device(at);
  return bug?.breaks?.(device) ?? device;
}

/** Loads bell's own driver: in the stacks whose guest is not to know where it is. */
export function bellDriver(
  computer: Computer,
  at: Bdf,
  { bug, own }: Pick<StackParts, 'bug' | 'own'>,
): () => Promise<StackDriver> {
  const probe = own?.driver ?? probeBell;
  return () => probe(driverPorts(computer, at, bug));
}

/** The whole of a stack's state, as plain data. */
export interface StackState {
  readonly host: unknown;
  readonly keeper: unknown;
  readonly backends: readonly unknown[];
  readonly vms: readonly unknown[];
}

export function saveStack(stack: Stack): StackState {
  const vms = stack.guests.map(({ vm }) => vm?.save());
  const backends = stack.guests.map(({ backend }) => backend?.save());
  return { host: stack.host.save(), keeper: stack.keeper?.save(), backends, vms };
}

/** What it does to have its state again is no event of the run. */
export function loadStack(stack: Stack, state: StackState): void {
  const { tracer } = stack.host.machine;
  const { recording } = tracer;
  tracer.recording = false;
  stack.guests.forEach(({ vm }, index) => vm?.bury(state.vms[index]));
  stack.host.load(state.host);
  stack.keeper?.load(state.keeper);
  stack.guests.forEach(({ backend }, index) => backend?.load(state.backends[index]));
  stack.guests.forEach(({ vm }, index) => vm?.load(state.vms[index]));
  tracer.recording = recording;
}
