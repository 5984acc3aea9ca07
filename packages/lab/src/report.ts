/**
 * What a comparison reports: the JSON of `doorbell compare --json`. Keys may be added, never
 * renamed. Units are in the key, or the value is a count.
 */
import type { PixelsReport } from './rounding.ts';
import type { ModeContract } from './mode-contract.ts';

/** The calls of the application, by what they are for. */
export const phases = ['init', 'upload', 'submit', 'wait', 'readback', 'present', 'close'] as const;
export type Phase = (typeof phases)[number];

export interface CountsReport {
  readonly exits: number;
  readonly exitsByReason: Readonly<Record<string, number>>;
  /** The same from the end of `init` to the start of `close`: what the frames cost. */
  readonly exitsAfterInit: Readonly<Record<string, number>>;
  readonly directAccesses: number;
  readonly hypercalls: number;
  /** Notifications of a virtqueue's driver that reached the device, and those that either half was spared. */
  readonly kicks: number;
  readonly suppressedNotifications: number;
  /** Descriptors that were passed through virtqueues. */
  readonly descriptors: number;
  /** Commands of virtio-gpu, by type. */
  readonly commands: Readonly<Record<string, number>>;
  readonly interrupts: number;
  readonly injections: number;
  readonly iotlbHits: number;
  readonly iotlbMisses: number;
  readonly iommuFaults: number;
  readonly bytesDma: number;
  readonly bytesCopied: number;
  /** Bytes of virtqueues and requests that travelled between two memories. */
  readonly bytesMirrored: number;
  /** Bytes of all messages between two processes, both ways. */
  readonly bytesOnWire: number;
  /** Times that a lost backend was taken in hand anew; what it counts begins again then. */
  readonly reconnections: number;
  readonly shadowUpdates: number;
  /** Packets that a mediator read before they ran, and those that it refused or that lead nowhere. */
  readonly commandsScanned: number;
  readonly commandsRefused: number;
  readonly contextSwitches: number;
  /** Packets that the watchdog of a GPU ended, each with a channel that its driver had to reset. */
  readonly hangs: number;
}

export interface TimeReport {
  /** Null where time is not virtual. */
  readonly virtualNs: number | null;
  /** Before that: what assembling the virtual machine took, above all VFIO pinning its memory. */
  readonly setupNs: number;
  /** Sums to `virtualNs`. */
  readonly byPhase: Readonly<Record<Phase, number>>;
  /** Busy nanoseconds by cost; engines overlap with the CPU, so the sum may be larger. */
  readonly byCost: Readonly<Record<string, number>>;
  /** Null without `native` among the stacks. */
  readonly relativeToNative: number | null;
  readonly wallMs: number;
}

export interface StackReport {
  /** The name with the options that differ from their defaults: `passthrough:posted-interrupts=on`. */
  readonly id: string;
  readonly name: string;
  readonly term: string;
  /** All of them, defaults included. */
  readonly options: Readonly<Record<string, string>>;
  readonly driver: { readonly package: string; readonly sha256: string };
  /** Of all guests together: of several, the hash is over their hashes. */
  readonly frames: { readonly count: number; readonly sha256: string };
  readonly guests: readonly GuestReport[];
  /** Null where time is not virtual. */
  readonly sharing: SharingReport | null;
  readonly counts: CountsReport;
  readonly time: TimeReport;
  /** Of a renderer that may round otherwise than bell's engines: what its frames have against theirs. */
  readonly pixels?: PixelsReport;
  /** What this way paid for, in a sentence. */
  readonly paidFor: string;
  /** What the host knows, owns, sees and pins on this way: of the stack's name, with its defaults. */
  readonly contract: ModeContract;
}

export interface GuestReport {
  readonly name: string;
  readonly scene: string;
  readonly frames: number;
  readonly sha256: string;
  /** The part of the GPU's busy time that it got, 0 to 1, and that it was due: see `sharing`. */
  readonly share: number;
  readonly due: number;
  /** Time per frame. */
  readonly p50Ns: number;
  readonly p99Ns: number;
  /** Nanoseconds that it had the engines. */
  readonly busyNs: number;
  /**
   * Nanoseconds that its driver waited, by what for. `schedule` is not beside the others but within
   * them: the guest had work that could run, and others had the engines.
   */
  readonly waitsNs: Readonly<Record<string, number>>;
  /** What its driver said when it gave up; absent: all went well. */
  readonly error?: string;
}

/** Of guests that share a GPU. Shares are those of the time in which all of them drew. */
export interface SharingReport {
  /** How long that was; 0: never, and shares are those of the whole run. */
  readonly windowNs: number;
  /** Jain's index over share / due. */
  readonly jain: number;
  /** Of each guest, the part of each bin of the run in which it had the engines. */
  readonly timeline: {
    readonly fromNs: number;
    readonly binNs: number;
    readonly busy: readonly (readonly number[])[];
  };
}

export interface CompareReport {
  readonly schema: 'doorbell.compare/1';
  readonly scene: {
    readonly name: string;
    readonly frames: number;
    readonly width: number;
    readonly height: number;
    readonly seed: number;
    readonly guests: number;
  };
  readonly profile: string;
  /**
   * All frames of all stacks that draw (renderer=null does not) have the same pixels; and those of
   * each of several guests are what it draws when it is alone. False, too, where a renderer may round
   * otherwise: what holds of its frames is in its `pixels`.
   */
  readonly identical: boolean;
  readonly stacks: readonly StackReport[];
}
