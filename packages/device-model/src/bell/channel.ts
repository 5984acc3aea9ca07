/** One channel: its registers, its ring, and where in it the work stands. */
import {
  type AccessWidth,
  bellRegisters,
  channelRegisters,
  channelStates,
  extract,
  type FaultName,
  faults,
  gpuVa,
  packetRegisters,
  PAGE_BYTES,
  place,
  RegisterFile,
  type Stateful,
  type TraceOrigin,
} from '@doorbell/abi';
import { type ChannelEvent, type ChannelState, transition } from './channel-state.ts';
import type { Engine } from './counts.ts';
import { check, Fault } from './fault.ts';
import { Fetch, type FetchState } from './fetch.ts';
import type { AddressSpace } from './mmu.ts';
import type { PartFunction } from './part-function.ts';
import { RenderState } from './render-state.ts';

const { CONTROL, INTERRUPT, FAULT, PAGE_ROOT, RING, RING_SIZE, STATUS, VECTOR } =
  channelRegisters.rows;
const ENABLE = CONTROL.bits.ENABLE.mask;
const PRIVILEGED = CONTROL.bits.PRIVILEGED.mask;
const SMALLEST_RING = 256;
const LARGEST_RING = 1 << 20;
/** What must not change while the channel is enabled: writes are ignored. */
const frozen: readonly number[] = [RING.offset, RING_SIZE.offset, PAGE_ROOT.offset];

/** What a REGISTER packet may write. */
const packetOffsets = new Set<number>(
  packetRegisters.map((name) => bellRegisters.rows[name].offset),
);

/** What a channel makes others do. */
export interface ChannelHooks {
  /** Software asked for a reset. */
  readonly reset: (channel: number) => void;
  /** CONTROL was written. */
  readonly control: (channel: number) => void;
}

/** A buffer of packets that the ring points at. */
interface Indirect {
  /** The virtual address of the packet in it that runs next, and where it ends. */
  readonly at: number;
  readonly end: number;
  /** The length of the INDIRECT packet, which is done when its buffer is. */
  readonly bytes: number;
  /** False while that packet itself is at hand. */
  readonly begun: boolean;
}

/** A WAIT that is not over. */
export interface Wait {
  readonly address: number;
  readonly value: number;
  /** When it began, in nanoseconds. */
  readonly since: number;
}

/** A packet that was stopped: its work is done, but not its time. */
export interface Suspended {
  readonly engine: Engine;
  /** Nanoseconds that are left. */
  readonly ns: number;
  readonly batchNs: number;
  readonly hangs: boolean;
}

/** The packet at hand, for the fault registers and for going on behind it. */
interface Position {
  readonly address: number;
  readonly opcode: number;
  readonly bytes: number;
}
/** No packet is to blame. */
export const NOWHERE: Position = { address: 0, opcode: 0, bytes: 0 };

/** Work that a doorbell brought: up to this tail of the ring. */
interface Rung {
  readonly tail: number;
  readonly origin: TraceOrigin;
}

export interface ChannelSaved {
  readonly registers: Uint32Array;
  readonly state: ChannelState;
  readonly indirect: Indirect | undefined;
  readonly wait: Wait | undefined;
  readonly suspended: Suspended | undefined;
  readonly position: Position;
  readonly fetch: FetchState;
  readonly render: Uint32Array;
  readonly rung: readonly Rung[];
}

export class Channel implements AddressSpace, Stateful<ChannelSaved> {
  readonly number: number;
  readonly registers: RegisterFile<typeof channelRegisters.rows>;
  /** Of a channel that has run something; most of a part's never do. */
  private ownFetch: Fetch | undefined;
  private ownRender: RenderState | undefined;
  /** Set while a WAIT keeps the channel from being scheduled. */
  wait: Wait | undefined;
  /** Set while the packet at hand waits to go on. */
  suspended: Suspended | undefined;
  position = NOWHERE;
  private current: ChannelState = 'IDLE';
  private indirect: Indirect | undefined;
  /** Of a run that is recorded: the doorbells whose work is not done, in their order. */
  private rung: Rung[] = [];
  /** Whose it is. */
  owner: PartFunction;

  constructor(number: number, owner: PartFunction, hooks: ChannelHooks) {
    this.number = number;
    this.owner = owner;
    this.registers = new RegisterFile(channelRegisters, {
      CONTROL: {
        write: () => {
          hooks.control(number);
        },
      },
      RESET: {
        write: (written) => {
          if ((written & channelRegisters.rows.RESET.bits.RESET.mask) !== 0) {
            hooks.reset(number);
          }
        },
      },
      STATUS: {
        read: () => place(STATUS.bits.STATE, channelStates[this.visibleState]),
      },
    });
  }

  get fetch(): Fetch {
    return (this.ownFetch ??= new Fetch());
  }

  get render(): RenderState {
    return (this.ownRender ??= new RenderState());
  }

  get state(): ChannelState {
    return this.current;
  }

  /** A channel that is off and has stopped between packets is idle to software. */
  private get visibleState(): ChannelState {
    return this.current === 'RUNNABLE' && !this.enabled ? 'IDLE' : this.current;
  }

  get enabled(): boolean {
    return (this.registers.get('CONTROL') & ENABLE) !== 0;
  }

  get pageRoot(): number {
    return extract(PAGE_ROOT.bits.PAGE, this.registers.get('PAGE_ROOT'));
  }

  get window(): PartFunction['window'] {
    return this.owner.window;
  }

  /** Whether the scheduler may begin a packet of it. */
  get ready(): boolean {
    return this.current === 'RUNNABLE' && this.wait === undefined && this.enabled;
  }

  /** @throws IllegalTransition */
  move(event: ChannelEvent): void {
    this.current = transition(this.current, event);
  }

  /** Software's write. False at a reserved offset or with a wrong width. */
  write(offset: number, width: AccessWidth, value: number): boolean {
    const { registers } = this;
    if (this.enabled && registers.has(offset, width) && frozen.includes(offset)) {
      return true;
    }
    if (this.enabled && offset === CONTROL.offset) {
      const kept = registers.get('CONTROL') & PRIVILEGED;
      return registers.write(offset, width, (value & ~PRIVILEGED) | kept);
    }
    return registers.write(offset, width, value);
  }

  // ------------------------------------------------------------------------------ the ring

  /**
   * A doorbell of an enabled channel that has not stopped.
   * @param origin  what the packets up to this tail are for, where that is recorded.
   * @throws Fault
   */
  publish(tail: number, origin?: TraceOrigin): void {
    const { registers } = this;
    this.checkRing();
    if (tail % 4 !== 0 || tail >= registers.get('RING_SIZE')) {
      throw new Fault('BAD_TAIL', tail);
    }
    if (origin !== undefined && tail !== registers.get('TAIL')) {
      this.rung.push({ tail, origin });
    }
    registers.set('TAIL', tail);
    if (this.hasWork) {
      this.move('work');
    }
  }

  /** @throws Fault BAD_RING */
  checkRing(): void {
    const ring = this.registers.get('RING');
    const size = this.registers.get('RING_SIZE');
    if ((size & (size - 1)) !== 0 || size < SMALLEST_RING || size > LARGEST_RING) {
      throw new Fault('BAD_RING', size);
    }
    if (ring % PAGE_BYTES !== 0 || ring + size > 2 ** gpuVa.bits) {
      throw new Fault('BAD_RING', ring);
    }
  }

  get hasWork(): boolean {
    const { registers } = this;
    return this.indirect !== undefined || registers.get('HEAD') !== registers.get('TAIL');
  }

  /** The virtual address of the packet that runs next. */
  get next(): number {
    return this.indirect?.at ?? this.registers.get('RING') + this.registers.get('HEAD');
  }

  /** The virtual address that this packet must not reach past. */
  get limit(): number {
    if (this.indirect !== undefined) {
      return this.indirect.end;
    }
    const { registers } = this;
    const [head, tail] = [registers.get('HEAD'), registers.get('TAIL')];
    // A packet does not go round the end of the ring.
    return registers.get('RING') + (head <= tail ? tail : registers.get('RING_SIZE'));
  }

  /** The packet at hand is an INDIRECT: its buffer is next. @throws Fault NESTED */
  enter(address: number, words: number): void {
    if (this.indirect !== undefined) {
      throw new Fault('NESTED', address);
    }
    if (words > 0) {
      const { bytes } = this.position;
      // What one buffer set is not the next one's to use: it may name memory that was given back.
      this.render.reset();
      this.indirect = { at: address, end: address + words * 4, bytes, begun: false };
    }
  }

  /** The packet at hand is a REGISTER. @throws Fault PRIVILEGED, BAD_ARGUMENT */
  writeRegister(offset: number, value: number): void {
    if ((this.registers.get('CONTROL') & PRIVILEGED) === 0) {
      throw new Fault('PRIVILEGED', offset);
    }
    check(packetOffsets.has(offset), offset);
    this.owner.ports.register(offset, value);
  }

  /** The packet at hand is done: goes on behind it. */
  advance(): void {
    const { indirect, position } = this;
    if (indirect === undefined) {
      this.advanceHead(position.bytes);
    } else if (!indirect.begun) {
      this.indirect = { ...indirect, begun: true };
      this.fetch.drop();
    } else if (indirect.at + position.bytes < indirect.end) {
      this.indirect = { ...indirect, at: indirect.at + position.bytes };
    } else {
      this.indirect = undefined;
      this.fetch.drop();
      this.advanceHead(indirect.bytes);
    }
  }

  private advanceHead(bytes: number): void {
    const { registers } = this;
    const head = registers.get('HEAD') + bytes;
    const size = registers.get('RING_SIZE');
    if (head >= size) {
      this.fetch.drop();
    }
    registers.set('HEAD', head % size);
    if (this.rung[0]?.tail === head % size) {
      this.rung.shift();
    }
  }

  /** What the packet at hand, or the next one, is for; undefined where that is not recorded. */
  get origin(): TraceOrigin | undefined {
    return this.rung[0]?.origin;
  }

  // ------------------------------------------------------------------------------ what it tells

  /** The channel stops. `value` is for FAULT_ADDRESS; the packet at hand is to blame. */
  stop(reason: FaultName, value: number): void {
    const { registers, position } = this;
    const { REASON, OPCODE } = FAULT.bits;
    registers.set('FAULT', place(REASON, faults[reason].code) | place(OPCODE, position.opcode));
    registers.set('FAULT_ADDRESS', value);
    registers.set('FAULT_PACKET', position.address);
    this.wait = undefined;
    this.suspended = undefined;
    this.move(reason === 'HANG' ? 'hang' : 'fault');
    this.raise(reason === 'HANG' ? 'HANG' : 'FAULT');
  }

  /** Sets a bit of INTERRUPT; signals when that is news and software wants to hear it. */
  raise(cause: keyof typeof INTERRUPT.bits): void {
    const { registers } = this;
    const { mask } = INTERRUPT.bits[cause];
    const old = registers.get('INTERRUPT');
    registers.set('INTERRUPT', old | mask);
    if ((old & mask) === 0 && (registers.get('INTERRUPT_ENABLE') & mask) !== 0) {
      this.owner.ports.signal(extract(VECTOR.bits.VECTOR, registers.get('VECTOR')));
    }
  }

  // ------------------------------------------------------------------------------ state

  reset(): void {
    this.registers.reset();
    this.move('reset');
    this.indirect = undefined;
    this.wait = undefined;
    this.suspended = undefined;
    this.position = NOWHERE;
    this.rung = [];
    this.ownFetch?.drop();
    this.ownRender?.reset();
  }

  save(): ChannelSaved {
    return {
      registers: this.registers.save(),
      state: this.current,
      indirect: this.indirect,
      wait: this.wait,
      suspended: this.suspended,
      position: this.position,
      fetch: this.fetch.save(),
      render: this.render.save(),
      rung: [...this.rung],
    };
  }

  load(saved: ChannelSaved): void {
    this.registers.load(saved.registers);
    this.current = saved.state;
    this.indirect = saved.indirect;
    this.wait = saved.wait;
    this.suspended = saved.suspended;
    this.position = saved.position;
    this.fetch.load(saved.fetch);
    this.render.load(saved.render);
    this.rung = [...saved.rung];
  }
}
