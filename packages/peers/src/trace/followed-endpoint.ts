/** A PCI function whose guest's accesses are recorded: registers one by one, memory in runs. */
import {
  type AccessWidth,
  barOffset,
  type BarShape,
  type EventId,
  type MemoryBacking,
  type PciEndpoint,
} from '@doorbell/abi';
import { memoryBarOf, type ModelChoice } from '../pci-device/model.ts';
import type { PeerRecorder } from './peer-recorder.ts';

/** Stores that follow one another are one event, of so many bytes at most. */
const MOST_RUN_BYTES = 4096;

/** The last event, and what it tells of. */
interface Run {
  readonly event: EventId;
  readonly address: number;
  bytes: number;
}

export class FollowedEndpoint implements PciEndpoint {
  private readonly endpoint: PciEndpoint;
  private readonly kind: ModelChoice['kind'];
  private readonly bars: readonly (BarShape | undefined)[];
  private readonly recorder: PeerRecorder;
  private readonly memoryBar: number | undefined;
  /** By BAR; what configuration space has may change with each write to it. */
  private readonly bases = new Map<number, number>();
  private run: Run = { event: 0, address: 0, bytes: 0 };

  constructor(
    endpoint: PciEndpoint,
    choice: ModelChoice,
    bars: readonly (BarShape | undefined)[],
    recorder: PeerRecorder,
  ) {
    this.endpoint = endpoint;
    this.kind = choice.kind;
    this.bars = bars;
    this.recorder = recorder;
    this.memoryBar = memoryBarOf(choice)?.bar;
  }

  configRead(offset: number, width: AccessWidth): number {
    return this.reads(
      () => this.recorder.event('configRead', offset, 0),
      () => this.endpoint.configRead(offset, width),
    );
  }

  configWrite(offset: number, width: AccessWidth, value: number): void {
    this.bases.clear();
    this.does(
      () => this.recorder.event('configWrite', offset, value),
      () => this.endpoint.configWrite(offset, width, value),
    );
  }

  barRead(bar: number, offset: number, width: AccessWidth): number {
    const address = this.base(bar) + offset;
    return this.reads(
      () => this.recorder.event('mmioRead', address, 0),
      () => this.endpoint.barRead(bar, offset, width),
    );
  }

  barWrite(bar: number, offset: number, width: AccessWidth, value: number): void {
    const address = this.base(bar) + offset;
    this.does(
      () =>
        bar === this.memoryBar
          ? this.stored(address, width)
          : this.recorder.event('mmioWrite', address, value),
      () => this.endpoint.barWrite(bar, offset, width, value),
    );
  }

  barMemory(bar: number): MemoryBacking | undefined {
    return this.endpoint.barMemory(bar);
  }

  /** What the device does meanwhile has the access as its cause. */
  private does<T>(record: () => EventId, access: () => T): T {
    this.recorder.serves(0, 0);
    this.recorder.serves(0, record());
    try {
      return access();
    } finally {
      this.recorder.serves(0, 0);
    }
  }

  private reads(record: () => EventId, access: () => number): number {
    let event: EventId = 0;
    const value = this.does(() => (event = record()), access);
    this.recorder.amend(event, value);
    return value;
  }

  private stored(address: number, bytes: number): EventId {
    const { run, recorder } = this;
    const goesOn = run.event === recorder.events.count && run.address + run.bytes === address;
    if (goesOn && run.event > 0 && run.bytes + bytes <= MOST_RUN_BYTES) {
      run.bytes += bytes;
      recorder.amend(run.event, run.bytes);
    } else {
      this.run = { event: recorder.event('mmioBlock', address, bytes), address, bytes };
    }
    return this.run.event;
  }

  private base(bar: number): number {
    const known = this.bases.get(bar);
    if (known !== undefined) {
      return known;
    }
    const word = (at: number): number => this.endpoint.configRead(at, 4);
    const low = word(barOffset(bar));
    const high = this.bars[bar]?.is64 === true ? word(barOffset(bar + 1)) : 0;
    const base = high * 2 ** 32 + (low - (low % 16));
    this.bases.set(bar, base);
    this.recorder.placed({ kind: this.kind, bar, base });
    return base;
  }
}
