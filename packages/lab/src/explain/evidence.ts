/** What there is to look at: a guest's function as it stands, and what happened. Looking changes nothing. */
import {
  type AccessWidth,
  bellBars,
  bellIds,
  bellRegisters,
  capabilityIds,
  capabilityOffset,
  channelRegisters,
  channelStates,
  channelWindow,
  crossing,
  type EventId,
  type EventKind,
  extract,
  msixCapability,
  msixEntry,
  type PciEndpoint,
  type RegisterMap,
  type RegisterRow,
  type RegisterRows,
  type0Header,
} from '@doorbell/abi';
import { VirtioPci } from '@doorbell/device-model';
import type { TraceEvent, Tracer } from '@doorbell/hypervisor';
import type { Stack, StackGuest } from '../stacks/stack.ts';

const BAR0 = bellBars.REGISTERS.index;

export interface MsixView {
  /** Where the capability stands. */
  readonly at: number;
  /** Message control. */
  readonly control: number;
  readonly vectors: number;
  /** BAR and offset of an entry. */
  entryAt(vector: number): { readonly bar: number; readonly offset: number };
  masked(vector: number): boolean;
  data(vector: number): number;
  pending(vector: number): boolean;
}

export class Evidence {
  readonly stack: Stack;
  readonly guest: StackGuest;
  readonly events: Tracer;
  readonly endpoint: PciEndpoint;

  constructor(stack: Stack, guest: StackGuest) {
    this.stack = stack;
    this.guest = guest;
    this.events = stack.host.machine.tracer;
    this.endpoint = guest.computer.parts.bus.function(guest.bdf);
  }

  // ------------------------------------------------------------------------------ the function

  config(offset: number, width: AccessWidth): number {
    return this.endpoint.configRead(offset, width);
  }

  get isBell(): boolean {
    return this.config(type0Header.rows.DEVICE_ID.offset, 2) === bellIds.device;
  }

  /** The function's other side, when it is virtio's. */
  get virtio(): VirtioPci | undefined {
    return this.endpoint instanceof VirtioPci ? this.endpoint : undefined;
  }

  /** A register of a BAR. One whose reading does nothing. */
  register<R extends RegisterRows>(
    map: RegisterMap<R>,
    name: keyof R & string,
    bar: number,
    base = 0,
  ): number {
    const row: RegisterRow = map.rows[name];
    return this.endpoint.barRead(bar, base + row.offset, row.width);
  }

  get msix(): MsixView | undefined {
    const at = capabilityOffset((offset, width) => this.config(offset, width), capabilityIds.MSIX);
    if (at === 0) {
      return undefined;
    }
    const { CONTROL, TABLE, PENDING } = msixCapability.rows;
    const control = this.config(at + CONTROL.offset, 2);
    const table = this.config(at + TABLE.offset, 4);
    const bits = this.config(at + PENDING.offset, 4);
    const word = (where: number, offset: number): number =>
      this.endpoint.barRead(where & 7, ((where & ~7) >>> 0) + offset, 4);
    const { size, rows } = msixEntry;
    return {
      ...{ at, control },
      vectors: extract(CONTROL.bits.TABLE_SIZE, control) + 1,
      entryAt: (vector) => ({ bar: table & 7, offset: ((table & ~7) >>> 0) + vector * size }),
      masked: (vector) => (word(table, vector * size + rows.CONTROL.offset) & 1) !== 0,
      data: (vector) => word(table, vector * size + rows.DATA.offset),
      pending: (vector) => ((word(bits, (vector >>> 5) * 4) >>> (vector & 31)) & 1) !== 0,
    };
  }

  /** Whether a GPU of the host has work. */
  get gpuIsBusy(): boolean {
    const { CAPS } = bellRegisters.rows;
    const { STATUS } = channelRegisters.rows;
    return this.stack.bells.some((bell) => {
      const channels = extract(CAPS.bits.CHANNELS, bell.barRead(BAR0, CAPS.offset, CAPS.width));
      return Array.from({ length: channels }).some((_, number) => {
        const at = channelWindow.base + number * channelWindow.stride + STATUS.offset;
        const state = extract(STATUS.bits.STATE, bell.barRead(BAR0, at, STATUS.width));
        return state === channelStates.RUNNABLE || state === channelStates.RUNNING;
      });
    });
  }

  /** Whether a message with this data would run a handler. */
  handles(data: number): boolean {
    return this.guest.computer.parts.interrupts.handles(data);
  }

  /** A word of 16 bits of the guest's RAM. */
  ram16(address: number): number {
    const { computer } = this.guest;
    return computer.parts.memory.halves[computer.ram.place(address, 2) >>> 1];
  }

  // ------------------------------------------------------------------------------ what happened

  /** The last event for which `test` holds, after `after`. Undefined: none. */
  last(
    kind: EventKind,
    test: (event: TraceEvent) => boolean = () => true,
    after: EventId = 0,
  ): TraceEvent | undefined {
    for (let id = this.events.count; id > after; id--) {
      if (this.events.kindAt(id) === kind) {
        const event = this.events.at(id);
        if (test(event)) {
          return event;
        }
      }
    }
    return undefined;
  }

  count(kind: EventKind): number {
    let count = 0;
    for (let id = 1; id <= this.events.count; id++) {
      count += this.events.kindAt(id) === kind ? 1 : 0;
    }
    return count;
  }

  /** Where a BAR stands in the guest's address space. */
  barAddress(bar: number): { readonly address: number; readonly size: number } {
    return this.guest.computer.parts.bus.barAddress(this.guest.bdf, bar);
  }

  /** An access of the guest's driver to a BAR: the offset in it; -1: it is none. */
  offsetIn(bar: number, { kind, a, c }: TraceEvent): number {
    const isAccess = kind === 'mmioRead' || kind === 'mmioWrite';
    // The host's driver of a GPU that it shares has addresses of its own, and crosses the bus.
    const isOwn = (this.isBell && this.stack.keeper === undefined) || c === crossing.none;
    const { address, size } = this.barAddress(bar);
    return isAccess && isOwn && a >= address && a < address + size ? a - address : -1;
  }

  /** The driver's last store to an offset of a BAR; 0: there was none. */
  lastStore(bar: number, offset: number): EventId {
    const { address } = this.barAddress(bar);
    return this.last('mmioWrite', (event) => event.a === address + offset)?.id ?? 0;
  }

  /** Whether a configuration access is the guest's driver's. */
  isOwnConfig({ c }: TraceEvent): boolean {
    const { vm, bdf } = this.guest;
    return vm === undefined ? crossing.where(c) === bdf : c === crossing.none;
  }

  /** The driver's last write to a configuration register; undefined: there was none. */
  lastConfigWrite(offset: number): TraceEvent | undefined {
    return this.last('configWrite', (event) => event.a === offset && this.isOwnConfig(event));
  }

  /** Whether a bit of a configuration register was ever written as 1. */
  wasSet(offset: number, mask: number): boolean {
    return (
      this.last(
        'configWrite',
        (event) => event.a === offset && (event.b & mask) !== 0 && this.isOwnConfig(event),
      ) !== undefined
    );
  }
}
