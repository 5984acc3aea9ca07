/**
 * One channel of a vGPU on a physical channel: what the guest reads and writes of it, its shadow page
 * tables, and the audit of what it submits. The guest's ring stays where the guest has put it, so
 * that HEAD, FAULT_PACKET and all the rest are what the guest expects.
 */
import {
  channelRegisters,
  channelStates,
  extract,
  GpuError,
  gpuVa,
  PAGE_BYTES,
  type RegisterRow,
} from '@doorbell/abi';
import type { BellChannel, HostBell } from '../host-bell/host-bell.ts';
import { cost } from '../profile.ts';
import { CommandAudit, type AuditedMemory, type Word } from './command-audit.ts';
import type { GuestVram } from './guest-vram.ts';
import type { MediationOptions } from './mdev-share.ts';
import type { MediatedMemory } from './mediated-memory.ts';
import { mediationOf } from './register-policy.ts';
import { ShadowTable, type ShadowParts, type ShadowState } from './shadow-table.ts';
import type { SnapshotPool } from './snapshot-pool.ts';
import { Snapshots, type SnapshotsState } from './snapshots.ts';
import type { TableBudget } from './table-budget.ts';

const { CONTROL, FENCE_ADDRESS, PAGE_ROOT, RESET, RING, RING_SIZE, STATUS, VECTOR } =
  channelRegisters.rows;
const ENABLE = CONTROL.bits.ENABLE.mask;
const SMALLEST_RING = 256;
const LARGEST_RING = 1 << 20;
/** Packets and pages that one submission may have looked at. */
const MOST_LOOKED_AT = 1 << 20;

export interface ChannelParts {
  readonly bell: HostBell;
  readonly vram: GuestVram;
  readonly memory: MediatedMemory;
  readonly budget: TableBudget;
  readonly pool: SnapshotPool;
  readonly shadow: MediationOptions['shadow'];
  readonly masters: () => boolean;
  /** The guest's CONTROL.ENABLE of the function. */
  readonly functionEnabled: () => boolean;
  /** Gives the guest an interrupt. */
  readonly signal: (vector: number) => void;
  /** Other pages of VRAM hold page tables now. */
  readonly tablesChanged: () => void;
}

/** What the guest wrote, and the host keeps from the physical channel. */
interface GuestValues {
  control: number;
  pageRoot: number;
  vector: number;
  ring: number;
  ringBytes: number;
  fence: number;
  /** A doorbell that came while the function was off; -1: none. */
  waiting: number;
}

/** In bytes of the ring since it was turned on. */
interface Progress {
  /** The channel's head. */
  passed: number;
  /** The furthest tail that was passed on, and up to where packets were read. */
  published: number;
  audited: number;
}

export interface MediatedChannelState {
  readonly physical: number;
  readonly values: GuestValues;
  readonly started: { readonly ring: number; readonly bytes: number };
  readonly progress: Progress;
  readonly shadow: ShadowState | undefined;
  readonly snapshots: SnapshotsState;
}

const atReset = (): GuestValues => ({
  ...{ control: 0, pageRoot: 0, vector: 0, ring: 0, ringBytes: 0, fence: 0, waiting: -1 },
});
const atStart = (at: number): Progress => ({ passed: at, published: at, audited: at });

export class MediatedChannel {
  private readonly parts: ChannelParts;
  private readonly shadowParts: ShadowParts;
  private readonly snapshots: Snapshots;
  private readonly audit: CommandAudit;
  private physical: BellChannel;
  private values = atReset();
  private progress = atStart(0);
  /** Where the ring was when the channel was turned on. */
  private started = { ring: 0, bytes: 0 };
  private shadow: ShadowTable | undefined;
  /** Of the buffer that the audit reads: the words that are held, and until when. */
  private buffer: { from: number; to: number; until: number } | undefined;

  /** @throws GpuError `out-of-memory` */
  constructor(parts: ChannelParts) {
    const { bell, vram, memory, budget, pool, masters } = parts;
    this.parts = parts;
    this.physical = bell.takeChannel(this.onInterrupt);
    this.shadowParts = { bell, vram, memory, budget, masters, channel: () => this.physical };
    this.snapshots = new Snapshots(pool, vram);
    this.audit = new CommandAudit(this.audited, bell.host.machine.counts);
  }

  private readonly onInterrupt = (): void => {
    this.parts.signal(extract(VECTOR.bits.VECTOR, this.values.vector));
  };

  private get enabled(): boolean {
    return (this.values.control & ENABLE) !== 0;
  }

  /** Whether an engine runs it just now. */
  get isBusy(): boolean {
    return this.shadow !== undefined && this.state() === channelStates.RUNNING;
  }

  private state(): number {
    return extract(STATUS.bits.STATE, this.physical.registers.STATUS.read());
  }

  // ------------------------------------------------------------------------------ registers

  /** The guest reads the register that begins at `offset`. */
  read(offset: number): number {
    const row = rowAt(offset);
    if (row.access === 'WO') {
      return 0;
    }
    if (mediationOf(row, 'channel') === 'passed') {
      return this.passing(offset).read();
    }
    switch (offset) {
      case CONTROL.offset:
        return this.values.control;
      case PAGE_ROOT.offset:
        return this.values.pageRoot;
      default:
        return this.values.vector;
    }
  }

  /** The guest writes it. */
  write(offset: number, value: number): void {
    const row = rowAt(offset);
    const { values } = this;
    const isFrozen =
      offset === RING.offset || offset === RING_SIZE.offset || offset === PAGE_ROOT.offset;
    if (row.access === 'RO' || (this.enabled && isFrozen)) {
      return;
    }
    if (mediationOf(row, 'channel') === 'passed') {
      values.ring = offset === RING.offset ? value : values.ring;
      values.ringBytes = offset === RING_SIZE.offset ? value : values.ringBytes;
      values.fence = offset === FENCE_ADDRESS.offset ? value : values.fence;
      this.passing(offset).write(value);
    } else if (offset === CONTROL.offset) {
      this.control(value & ENABLE);
    } else if (offset === PAGE_ROOT.offset) {
      values.pageRoot = value & PAGE_ROOT.bits.PAGE.mask;
    } else if (offset === VECTOR.offset) {
      values.vector = value & VECTOR.bits.VECTOR.mask;
    } else if ((value & RESET.bits.RESET.mask) !== 0) {
      this.reset();
    }
  }

  /** That of the physical channel. */
  private passing(offset: number): { read(): number; write(value: number): void } {
    const name = channelRegisters.names[channelRegisters.indexAt(offset)];
    return this.physical.registers[name] as { read(): number; write(value: number): void };
  }

  /** Never privileged, whatever the guest wrote: one bit is left of the register. */
  private control(value: number): void {
    const was = this.enabled;
    this.values.control = value;
    if (this.enabled && !was) {
      this.turnOn();
    }
    this.update();
  }

  /** The guest has turned the channel, or the function, on or off. */
  update(): void {
    const { physical, values } = this;
    const runs = this.enabled && this.parts.functionEnabled() && this.isAsStarted;
    physical.registers.CONTROL.write(runs ? ENABLE : 0);
    if (runs && values.waiting >= 0) {
      const tail = values.waiting;
      values.waiting = -1;
      this.submit(tail);
    }
  }

  /**
   * Packets in flight were read where the ring was then, through the tables of then. With another
   * ring or other tables the channel stays off until it is reset.
   */
  private get isAsStarted(): boolean {
    const { values, started } = this;
    return (
      this.shadow?.guestRoot === values.pageRoot &&
      started.ring === values.ring &&
      started.bytes === values.ringBytes
    );
  }

  private turnOn(): void {
    const { values } = this;
    const head = this.physical.registers.HEAD.read();
    this.advance(head);
    if (this.shadow !== undefined && this.progress.passed < this.progress.published) {
      return;
    }
    this.dropShadow();
    this.progress = atStart(head);
    this.started = { ring: values.ring, bytes: values.ringBytes };
    try {
      this.shadow = new ShadowTable(this.shadowParts, values.pageRoot);
    } catch (error) {
      if (!(error instanceof GpuError)) {
        throw error;
      }
      // The host has no room for its tables: the channel stays off.
      return;
    }
    this.shadow.sync();
    this.physical.registers.PAGE_ROOT.write(this.shadow.root);
    this.parts.tablesChanged();
  }

  /** The guest resets it, or the whole function; or the device is closed. */
  reset(): void {
    this.physical.reset();
    this.values = atReset();
    this.dropShadow();
    this.progress = atStart(0);
  }

  private dropShadow(): void {
    const { shadow } = this;
    if (shadow !== undefined) {
      this.snapshots.passed(Infinity);
      this.snapshots.giveBack(shadow);
      shadow.destroy();
      this.shadow = undefined;
      this.parts.tablesChanged();
    }
  }

  /** The device is closed: the physical channel is the host's again. */
  end(): void {
    this.reset();
    this.physical.release();
  }

  // ------------------------------------------------------------------------------ page tables

  /**
   * The guest has changed entries, and says so. An idle channel is made good at its next submission,
   * which reads the tables anyway.
   */
  flush(): void {
    const { shadow } = this;
    if (shadow === undefined) {
      return;
    }
    if (this.parts.shadow === 'strict') {
      shadow.settle();
    } else if (runStates.includes(this.state())) {
      shadow.sync();
    }
  }

  /** A store to a page of the guest's VRAM that trapped. */
  tableWritten(page: number, offset: number): void {
    if (this.shadow?.written(page, offset) === true) {
      this.parts.tablesChanged();
    }
  }

  /** Pages of the guest's VRAM that hold its page tables. */
  tablePages(): Iterable<number> {
    return this.shadow?.tablePages() ?? [];
  }

  mastersChanged(): void {
    this.shadow?.mastersChanged();
  }

  dropMemory(address: number, bytes: number): void {
    this.shadow?.dropMemory(address, bytes);
  }

  // ------------------------------------------------------------------------------ submission

  /** The guest rings the doorbell. */
  doorbell(tail: number): void {
    if (!this.enabled || this.shadow === undefined) {
      return;
    }
    if (!this.parts.functionEnabled()) {
      this.values.waiting = tail;
      return;
    }
    this.submit(tail);
  }

  /** What a guest submits passes here and nowhere else: whoever schedules guests holds it back here. */
  private submit(tail: number): void {
    const { physical, progress, shadow } = this;
    const { bytes } = this.started;
    if (shadow === undefined || !this.isAsStarted) {
      return;
    }
    if (!this.isRing() || tail % 4 !== 0 || tail >= bytes) {
      // The hardware faults BAD_RING or BAD_TAIL, and runs nothing.
      physical.ring(tail);
      return;
    }
    const head = physical.registers.HEAD.read();
    this.advance(head);
    const published = progress.passed + ((tail - (progress.passed % bytes) + bytes) % bytes);
    if (published <= progress.published) {
      // Nothing new. What was published is not taken back: the channel may have come to it already.
      return;
    }
    if (this.parts.shadow === 'lazy') {
      shadow.sync();
    }
    this.check(shadow, published);
    this.snapshots.want(Math.floor(this.values.fence / PAGE_BYTES));
    if (this.audit.isExhausted) {
      this.snapshots.giveBack(shadow);
    }
    this.snapshots.tidy(shadow);
    physical.ring(tail);
  }

  /** As the hardware has it (BAD_RING). */
  private isRing(): boolean {
    const { ring, bytes } = this.started;
    const isPower = (bytes & (bytes - 1)) === 0 && bytes >= SMALLEST_RING && bytes <= LARGEST_RING;
    return isPower && ring % PAGE_BYTES === 0 && ring + bytes <= 2 ** gpuVa.bits;
  }

  /** The channel's head is there. */
  private advance(head: number): void {
    const { progress } = this;
    const { bytes } = this.started;
    if (bytes > 0) {
      progress.passed += (head - (progress.passed % bytes) + bytes) % bytes;
      this.snapshots.passed(progress.passed);
    }
  }

  /** Holds what is new in the ring, and reads it. */
  private check(shadow: ShadowTable, published: number): void {
    const { machine } = this.parts.bell.host;
    const scanned = machine.counts.commandsScanned;
    const { progress, started } = this;
    this.eachPiece(progress.published, published, PAGE_BYTES, (va, end) => {
      if (!this.snapshots.hold(shadow, va, end, published)) {
        this.snapshots.block(shadow, va, end, published);
      }
    });
    progress.published = published;
    this.audit.begin(MOST_LOOKED_AT);
    this.eachPiece(progress.audited, published, started.bytes, (va, end) => {
      const reached = this.audit.ring(va, end);
      progress.audited += reached - va;
      return reached === end;
    });
    machine.charge(cost['mdev.packet'], machine.counts.commandsScanned - scanned);
  }

  /** Positions in the ring as addresses, in pieces that do not go past a multiple of `unit`. */
  private eachPiece(
    from: number,
    to: number,
    unit: number,
    piece: (va: number, end: number) => unknown,
  ): void {
    const { ring, bytes } = this.started;
    for (let at = from; at < to;) {
      const offset = at % bytes;
      const size = Math.min(to - at, unit - (offset % unit), bytes - offset);
      if (piece(ring + offset, ring + offset + size) === false) {
        return;
      }
      at += size;
    }
  }

  // ------------------------------------------------------------------------------ what the audit reads

  private readonly audited: AuditedMemory = {
    enter: (end) => {
      this.buffer = { from: 0, to: 0, until: this.positionOf(end) };
    },
    leave: () => {
      this.buffer = undefined;
    },
    read: (va, limit) => this.readAudited(va, limit),
    patch: (va, value) => {
      this.snapshots.setWord(va, value);
    },
    uses: (page, writes) => {
      this.snapshots.want(page);
      return this.shadow?.allows(page, writes) === true;
    },
  };

  /** Of an address behind a packet of the ring that was published last. */
  private positionOf(va: number): number {
    const { published } = this.progress;
    const { ring, bytes } = this.started;
    return published - ((((published - (va - ring)) % bytes) + bytes) % bytes);
  }

  private readAudited(va: number, limit: number): Word {
    const { buffer, shadow } = this;
    if (buffer !== undefined && shadow !== undefined && (va < buffer.from || va >= buffer.to)) {
      if (va >= 2 ** gpuVa.bits) {
        return 'absent';
      }
      const end = Math.min(limit, va - (va % PAGE_BYTES) + PAGE_BYTES);
      if (!this.snapshots.hold(shadow, va, end, buffer.until)) {
        return 'refused';
      }
      buffer.from = va;
      buffer.to = end;
    }
    return this.snapshots.word(va) ?? 'absent';
  }

  // ------------------------------------------------------------------------------ state

  save(): MediatedChannelState {
    return {
      physical: this.physical.number,
      values: { ...this.values },
      started: this.started,
      progress: { ...this.progress },
      shadow: this.shadow?.save(),
      snapshots: this.snapshots.save(),
    };
  }

  load(state: MediatedChannelState): void {
    this.physical = this.parts.bell.adoptChannel(state.physical, this.onInterrupt);
    this.values = { ...state.values };
    this.started = state.started;
    this.progress = { ...state.progress };
    this.shadow =
      state.shadow === undefined
        ? undefined
        : new ShadowTable(this.shadowParts, state.shadow.root, state.shadow);
    this.snapshots.load(state.snapshots);
  }
}

const runStates: readonly number[] = [channelStates.RUNNABLE, channelStates.RUNNING];

function rowAt(offset: number): RegisterRow {
  return channelRegisters.rows[channelRegisters.names[channelRegisters.indexAt(offset)]];
}
