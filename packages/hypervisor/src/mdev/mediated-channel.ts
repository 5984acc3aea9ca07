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
  PAGE_BYTES,
  type RegisterRow,
} from '@doorbell/abi';
import type { BellChannel, HostBell } from '../host-bell/host-bell.ts';
import { cost } from '../profile.ts';
import { CommandAudit } from './command-audit.ts';
import { GuestRing, type GuestRingState } from './guest-ring.ts';
import type { GuestVram } from './guest-vram.ts';
import { HeldMemory } from './held-memory.ts';
import type { MediatedMemory } from './mediated-memory.ts';
import {
  FollowedShadow,
  type FollowedShadowParts,
  type FollowedShadowState,
} from './followed-shadow.ts';
import type { MediationKind } from './mediation-policy.ts';
import { mediationOf } from './register-policy.ts';
import type { ShadowParts, ShadowTable } from './shadow-table.ts';
import type { SnapshotPool } from './snapshot-pool.ts';
import { Snapshots, type SnapshotsState } from './snapshots.ts';
import type { TableBudget } from './table-budget.ts';

const { CONTROL, FENCE_ADDRESS, PAGE_ROOT, RESET, RING, RING_SIZE, STATUS, VECTOR } =
  channelRegisters.rows;
const ENABLE = CONTROL.bits.ENABLE.mask;
/** Packets and pages that one submission may have looked at. */
const MOST_LOOKED_AT = 1 << 20;

export interface ChannelParts {
  readonly bell: HostBell;
  readonly vram: GuestVram;
  readonly memory: MediatedMemory;
  readonly budget: TableBudget;
  readonly pool: SnapshotPool;
  readonly kind: MediationKind;
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

export interface MediatedChannelState {
  readonly physical: number;
  readonly values: GuestValues;
  readonly kept: readonly (readonly [number, number])[];
  readonly ring: GuestRingState;
  readonly shadow: FollowedShadowState | undefined;
  readonly snapshots: SnapshotsState;
}

const atReset = (): GuestValues => ({
  ...{ control: 0, pageRoot: 0, vector: 0, ring: 0, ringBytes: 0, fence: 0, waiting: -1 },
});

export class MediatedChannel {
  private readonly parts: ChannelParts;
  private readonly shadowParts: ShadowParts;
  private readonly snapshots: Snapshots;
  private readonly audit: CommandAudit;
  private physical: BellChannel;
  private values = atReset();
  /** By offset: registers that might pass, and do not. */
  private kept = new Map<number, number>();
  private ring = GuestRing.empty(0, 0, 0);
  /** While the channel is set up. */
  private followed: FollowedShadow | undefined;

  /** @throws GpuError `out-of-memory` */
  constructor(parts: ChannelParts) {
    const { bell, vram, memory, budget, pool, masters } = parts;
    this.parts = parts;
    this.physical = bell.takeChannel(this.onInterrupt);
    this.shadowParts = { bell, vram, memory, budget, masters, channel: () => this.physical };
    this.snapshots = new Snapshots(pool, vram);
    const held = new HeldMemory(this.snapshots, {
      ring: () => this.ring,
      shadow: () => this.shadow,
    });
    this.audit = new CommandAudit(held, bell.host.machine.counts);
  }

  private readonly onInterrupt = (): void => {
    this.parts.signal(extract(VECTOR.bits.VECTOR, this.values.vector));
  };

  private get shadow(): ShadowTable | undefined {
    return this.followed?.table;
  }

  /** What the shadow and its policy need of the channel. */
  private get following(): FollowedShadowParts {
    return {
      ...{ shadow: this.shadowParts, kind: this.parts.kind },
      isRunning: () => runStates.includes(this.state()),
      tablesChanged: this.parts.tablesChanged,
    };
  }

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
      return this.parts.kind.passes(row)
        ? this.passing(offset).read()
        : (this.kept.get(offset) ?? row.reset);
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
      if (!this.parts.kind.passes(row)) {
        this.kept.set(offset, value);
        return;
      }
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
    const { values, ring } = this;
    return (
      this.shadow?.guestRoot === values.pageRoot &&
      ring.base === values.ring &&
      ring.bytes === values.ringBytes
    );
  }

  private turnOn(): void {
    const { values } = this;
    const head = this.physical.registers.HEAD.read();
    this.advance(head);
    if (this.shadow !== undefined && !this.ring.isDrained) {
      return;
    }
    this.dropShadow();
    this.ring = GuestRing.empty(values.ring, values.ringBytes, head);
    try {
      this.followed = new FollowedShadow(this.following, values.pageRoot);
    } catch (error) {
      if (!(error instanceof GpuError)) {
        throw error;
      }
      // The host has no room for its tables: the channel stays off.
      return;
    }
    this.followed.turnedOn((root) => {
      this.physical.registers.PAGE_ROOT.write(root);
    });
  }

  /** The guest resets it, or the whole function; or the device is closed. */
  reset(): void {
    this.physical.reset();
    this.values = atReset();
    this.kept.clear();
    this.dropShadow();
    this.ring = GuestRing.empty(this.ring.base, this.ring.bytes, 0);
  }

  private dropShadow(): void {
    const { followed } = this;
    if (followed !== undefined) {
      this.snapshots.passed(Infinity);
      this.snapshots.giveBack(followed.table);
      followed.destroy();
      this.followed = undefined;
      this.parts.tablesChanged();
    }
  }

  /** The device is closed: the physical channel is the host's again. */
  end(): void {
    this.reset();
    this.physical.release();
  }

  // ------------------------------------------------------------------------------ page tables

  /** The guest has changed entries, and says so. */
  flush(): void {
    this.followed?.tell((policy) => {
      policy.flushed();
    });
  }

  /** A store to a page of the guest's VRAM that trapped. */
  tableWritten(page: number, offset: number): void {
    this.followed?.tell((policy) => {
      policy.stored(page, offset);
    });
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
    const { physical, ring, shadow } = this;
    if (shadow === undefined || !this.isAsStarted) {
      return;
    }
    if (!ring.isValid || tail % 4 !== 0 || tail >= ring.bytes) {
      // The hardware faults BAD_RING or BAD_TAIL, and runs nothing.
      physical.ring(tail);
      return;
    }
    const head = physical.registers.HEAD.read();
    this.advance(head);
    const published = ring.next(tail);
    if (published <= ring.published) {
      // Nothing new. What was published is not taken back: the channel may have come to it already.
      return;
    }
    this.followed?.tell((policy) => {
      policy.submitted();
    });
    this.check(shadow, published);
    this.snapshots.want(Math.floor(this.values.fence / PAGE_BYTES));
    if (this.audit.isExhausted) {
      this.snapshots.giveBack(shadow);
    }
    this.snapshots.tidy(shadow);
    physical.ring(tail);
  }

  /** The channel's head is there. */
  private advance(head: number): void {
    const { ring } = this;
    if (ring.bytes > 0) {
      ring.advance(head);
      this.snapshots.passed(ring.passed);
    }
  }

  /** Holds what is new in the ring, and reads it. */
  private check(shadow: ShadowTable, published: number): void {
    const { machine } = this.parts.bell.host;
    const scanned = machine.counts.commandsScanned;
    const { ring } = this;
    ring.eachPiece(ring.published, published, PAGE_BYTES, (va, end) => {
      if (!this.snapshots.hold(shadow, va, end, published)) {
        this.snapshots.block(shadow, va, end, published);
      }
    });
    ring.published = published;
    this.audit.begin(MOST_LOOKED_AT);
    ring.eachPiece(ring.audited, published, ring.bytes, (va, end) => {
      const reached = this.audit.ring(va, end);
      ring.audited += reached - va;
      return reached === end;
    });
    machine.charge(cost['mdev.packet'], machine.counts.commandsScanned - scanned);
  }

  // ------------------------------------------------------------------------------ state

  save(): MediatedChannelState {
    return {
      physical: this.physical.number,
      values: { ...this.values },
      kept: [...this.kept],
      ring: this.ring.save(),
      shadow: this.followed?.save(),
      snapshots: this.snapshots.save(),
    };
  }

  load(state: MediatedChannelState): void {
    this.physical = this.parts.bell.adoptChannel(state.physical, this.onInterrupt);
    this.values = { ...state.values };
    this.kept = new Map(state.kept);
    this.ring = GuestRing.load(state.ring);
    this.followed = state.shadow && FollowedShadow.load(this.following, state.shadow);
    this.snapshots.load(state.snapshots);
  }
}

const runStates: readonly number[] = [channelStates.RUNNABLE, channelStates.RUNNING];

function rowAt(offset: number): RegisterRow {
  return channelRegisters.rows[channelRegisters.names[channelRegisters.indexAt(offset)]];
}
