/** A host for one device under test: a clock that is wound by hand, some RAM, and a record of what the device did. */
import type { DeviceHost, EventKind } from '@doorbell/abi';

export interface FakeHostState {
  readonly now: number;
  readonly ram: Uint8Array;
  readonly due: readonly (readonly [number, number])[];
}

export class FakeHost implements DeviceHost {
  readonly ram: Uint8Array;
  now = 0;
  /** What each DMA transfer takes, in nanoseconds. */
  latencyNs = 0;
  lineIsHigh = false;
  decodeChanges = 0;
  readonly messages: { address: number; data: number }[] = [];
  readonly flips: { pixels: Uint8Array; width: number; height: number; stride: number }[] = [];
  readonly events: { kind: EventKind; a: number; b: number }[] = [];
  /** Addresses and bytes of DMA, in order. */
  readonly reads: [number, number][] = [];
  readonly writes: [number, number][] = [];
  private taken = 0;
  private due = new Map<number, number>();
  private onTimer: (id: number) => void = () => {};

  constructor(ramBytes = 1 << 20) {
    this.ram = new Uint8Array(ramBytes);
  }

  /** Whose timers these are. */
  attach(device: { onTimer(id: number): void }): void {
    this.onTimer = (id) => {
      device.onTimer(id);
    };
  }

  readonly bus = {
    read: (address: number, into: Uint8Array): boolean => {
      if (!this.reaches(address, into.length)) {
        return false;
      }
      this.reads.push([address, into.length]);
      into.set(this.ram.subarray(address, address + into.length));
      return true;
    },
    write: (address: number, bytes: Uint8Array): boolean => {
      if (!this.reaches(address, bytes.length)) {
        return false;
      }
      this.writes.push([address, bytes.length]);
      this.ram.set(bytes, address);
      return true;
    },
    takeLatency: (): number => {
      const { taken } = this;
      this.taken = 0;
      return taken;
    },
  };

  private reaches(address: number, bytes: number): boolean {
    this.taken += this.latencyNs;
    return address >= 0 && address + bytes <= this.ram.length;
  }

  readonly timers = {
    now: (): number => this.now,
    arm: (id: number, ns: number): void => {
      this.due.set(id, this.now + Math.max(1, Math.ceil(ns)));
    },
    disarm: (id: number): void => {
      this.due.delete(id);
    },
  };

  readonly trace = {
    event: (kind: EventKind, a: number, b: number): number => {
      this.events.push({ kind, a, b });
      return this.events.length;
    },
  };

  readonly display = {
    flip: (pixels: Uint8Array, width: number, height: number, stride: number): void => {
      this.flips.push({ pixels: pixels.slice(), width, height, stride });
    },
  };

  message(address: number, data: number): void {
    this.messages.push({ address, data });
  }

  line(high: boolean): void {
    this.lineIsHigh = high;
  }

  decodeChanged(): void {
    this.decodeChanges++;
  }

  /** Arguments of the events of one kind. */
  traced(kind: EventKind): [number, number][] {
    return this.events.filter((event) => event.kind === kind).map(({ a, b }) => [a, b]);
  }

  /** Whether a timer is armed. */
  get pending(): boolean {
    return this.due.size > 0;
  }

  /** Lets time pass; timers run at their times, those of one time in order of their numbers. */
  advance(ns: number): void {
    const end = this.now + ns;
    while (this.runNext(end)) {
      // Each call runs one timer.
    }
    this.now = end;
  }

  /** Lets time pass until no timer is armed, `limitNs` at most. */
  settle(limitNs = 10_000_000_000): void {
    const end = this.now + limitNs;
    while (this.runNext(end)) {
      // Each call runs one timer.
    }
  }

  private runNext(end: number): boolean {
    const [first] = [...this.due].sort(([a, at], [b, bt]) => at - bt || a - b);
    if (first === undefined || first[1] > end) {
      return false;
    }
    const [id, at] = first;
    this.due.delete(id);
    this.now = at;
    this.onTimer(id);
    return true;
  }

  save(): FakeHostState {
    return { now: this.now, ram: this.ram.slice(), due: [...this.due] };
  }

  load(state: FakeHostState): void {
    this.now = state.now;
    this.ram.set(state.ram);
    this.due = new Map(state.due);
  }
}
