/** A CPU, and what interrupts it. */
import type { EventId, RequestId } from '@doorbell/abi';

const WAIT_REASONS = 7;

/** An interrupt on its way to a CPU. */
export interface PendingInterrupt {
  /** Which controller takes it, and which of its entries. */
  readonly controller: number;
  readonly entry: number;
  /** When it was sent, in nanoseconds. */
  readonly at: number;
  readonly request: RequestId;
  readonly cause: EventId;
}

/** What takes interrupts at a CPU: around the handler, `begin` and `end` spend what they cost. */
export interface InterruptSink {
  begin(entry: number): void;
  handle(entry: number): void;
  end(entry: number): void;
}

export interface CpuState {
  readonly time: number;
  readonly pending: readonly PendingInterrupt[];
  readonly handling: PendingInterrupt | undefined;
  readonly isOff: boolean;
}

/** A CPU has its own time: it runs ahead while others wait. A computer may have several. */
export class Cpu {
  time = 0;
  readonly pending: PendingInterrupt[] = [];
  /** The interrupt whose handler runs; others wait until it returns. */
  handling: PendingInterrupt | undefined;
  /** It is gone: nothing interrupts it any more. */
  isOff = false;
  /** Its tasks serve others, and what they do is for the request of whoever woke them. */
  serves = false;
  /** Nanoseconds that its tasks waited, until they went on, by the number of the reason. */
  readonly waitedNs = new Float64Array(WAIT_REASONS);
  /** Among the machine's. */
  readonly number: number;
  /** The one that the computer began with. */
  readonly first: Cpu;

  /** @param first  of the same computer; absent: it is that. */
  constructor(number: number, first?: Cpu) {
    this.number = number;
    this.first = first ?? this;
  }

  /** `time` is where it stands: a CPU that runs keeps no time of its own. */
  save(time: number): CpuState {
    return { time, pending: [...this.pending], handling: this.handling, isOff: this.isOff };
  }

  load(state: CpuState): void {
    this.time = state.time;
    this.handling = state.handling;
    this.isOff = state.isOff;
    this.pending.splice(0, Infinity, ...state.pending);
  }
}
