/**
 * The scheduler in hardware: one packet of one channel runs at a time. Functions take turns,
 * round-robin, at the ends of packets; a turn lasts the function's quantum unless no other wants
 * one. Within it the function's channels take turns in the same way, each for a time slice.
 * A WAIT gives the turn away and is looked at again every microsecond.
 */
import { faults, type Stateful, type Timers, type Trace } from '@doorbell/abi';
import { type Channel, NOWHERE } from './channel.ts';
import { isStopped } from './channel-state.ts';
import type { BellCounts, Engine } from './counts.ts';
import type { ActiveBus } from './active-bus.ts';
import { Fault } from './fault.ts';
import type { PartFunction } from './part-function.ts';
import type { Processor } from './processor.ts';

/** Timers of the function. */
const timer = { PACKET: 0, WAIT: 1 } as const;

const TIME_SLICE_NS = 1_000_000;
const WAIT_POLL_NS = 1000;

/** A packet whose time passes. */
interface Running {
  readonly channel: number;
  readonly engine: Engine;
  readonly since: number;
  readonly ns: number;
  /** The watchdog will end it. */
  readonly hangs: boolean;
}

export interface SchedulerState {
  readonly running: Running | undefined;
  readonly last: number;
  readonly sliceBegan: number;
  readonly polling: boolean;
  /** The function whose turn it is. */
  readonly turn: number;
  readonly quantumBegan: number;
  /** Of each function, the channel that ran last. */
  readonly lasts: readonly number[];
}

/** What the scheduler works with. */
export interface SchedulerParts {
  readonly channels: readonly Channel[];
  /** The physical one, then those that are turned on. */
  readonly functions: readonly PartFunction[];
  readonly processor: Processor;
  readonly bus: ActiveBus;
  readonly counts: BellCounts;
  readonly timers: Timers;
  readonly trace: Trace;
}

export class Scheduler implements Stateful<SchedulerState> {
  private readonly parts: SchedulerParts;
  private running: Running | undefined;
  /** The channel whose context the engines hold; -1: none's. */
  private last = -1;
  private sliceBegan = 0;
  /** The function whose turn it is, and since when. */
  private turn = 0;
  private quantumBegan = 0;
  /** Whether the timer for WAIT packets is armed. */
  private polling = false;
  /** A packet is being begun: what that sets off must not begin another. */
  private beginning = false;

  constructor(parts: SchedulerParts) {
    this.parts = parts;
  }

  /** Whether a packet of the function is being executed. */
  isBusy(own: PartFunction): boolean {
    return this.running !== undefined && own.has(this.running.channel);
  }

  /** A doorbell reached the part. */
  doorbell(number: number, tail: number): void {
    const { channels, counts, trace } = this.parts;
    const channel = channels[number];
    counts.doorbells++;
    trace.event('doorbell', number, tail);
    if (!channel.enabled || isStopped(channel.state)) {
      return;
    }
    try {
      channel.publish(tail);
    } catch (error) {
      this.abandon(number);
      // No packet is to blame.
      channel.position = NOWHERE;
      this.fault(channel, error);
    }
    this.run();
  }

  /** Begins packets until one takes time, or none is left. Call it when anything has changed. */
  run(): void {
    if (this.beginning) {
      return;
    }
    this.beginning = true;
    while (this.running === undefined) {
      const next = this.pick();
      if (next < 0) {
        break;
      }
      this.begin(next);
    }
    this.beginning = false;
  }

  /** The channel whose turn it is, or -1. */
  private pick(): number {
    const { functions, timers } = this.parts;
    const count = functions.length;
    const now = timers.now();
    const turnIsOver = now - this.quantumBegan >= functions[this.turn].share.quantumNs;
    for (let step = 0; step < count; step++) {
      const index = (this.turn + step + (turnIsOver ? 1 : 0)) % count;
      const number = this.pickOf(functions[index], now);
      if (number >= 0) {
        return number;
      }
    }
    return -1;
  }

  /** The channel of a function whose turn it is, or -1. */
  private pickOf(own: PartFunction, now: number): number {
    const { channels } = this.parts;
    if (!own.ports.enabled()) {
      return -1;
    }
    const { firstChannel, channels: count } = own.share;
    const sliceIsOver = now - this.sliceBegan >= TIME_SLICE_NS;
    const goesOn = own.last >= 0 && own.last === this.last && !sliceIsOver;
    if (goesOn && channels[own.last].ready) {
      return own.last;
    }
    const last = own.last < 0 ? -1 : own.last - firstChannel;
    for (let step = 1; step <= count; step++) {
      const number = firstChannel + ((last + step) % count);
      if (channels[number].ready) {
        return number;
      }
    }
    return -1;
  }

  private begin(number: number): void {
    const { channels, processor, timers } = this.parts;
    const channel = channels[number];
    const now = timers.now();
    const limit = channel.owner.ports.watchdogNs();
    this.takeTurn(channel, now);
    this.parts.bus.become(channel.owner.ports.bus);
    channel.move('start');
    try {
      const ns = processor.execute(channel, limit);
      if (channel.wait !== undefined) {
        channel.move('yield');
        this.poll();
      } else {
        this.start(number, processor.engine, now, ns, limit);
      }
    } catch (error) {
      processor.dropLatency();
      this.fault(channel, error);
    }
  }

  private takeTurn({ number, owner }: Channel, now: number): void {
    if (owner.index !== this.turn || now - this.quantumBegan >= owner.share.quantumNs) {
      this.turn = owner.index;
      this.quantumBegan = now;
    }
    if (number !== this.last) {
      this.parts.counts.contextSwitches += this.last < 0 ? 0 : 1;
      this.sliceBegan = now;
      this.last = number;
    } else if (now - this.sliceBegan >= TIME_SLICE_NS) {
      this.sliceBegan = now;
    }
    owner.last = number;
  }

  private start(channel: number, engine: Engine, since: number, took: number, limit: number): void {
    const hangs = took > limit;
    const ns = Math.max(1, Math.ceil(hangs ? limit : took));
    this.running = { channel, engine, since, ns, hangs };
    this.parts.timers.arm(timer.PACKET, ns);
  }

  onTimer(id: number): void {
    if (id === timer.PACKET) {
      this.finish();
    } else {
      this.polling = false;
      this.lookAtWaits();
    }
    this.run();
  }

  /** The running packet's time is over. */
  private finish(): void {
    const { channels, counts } = this.parts;
    const { running } = this;
    if (running === undefined) {
      return;
    }
    this.running = undefined;
    counts.busyNs[running.engine] += running.ns;
    const channel = channels[running.channel];
    if (running.hangs) {
      this.hang(channel);
    } else {
      this.done(channel, running.ns);
    }
  }

  private done(channel: Channel, ns: number): void {
    this.parts.trace.event('packetDone', channel.number, ns);
    channel.advance();
    if (!channel.hasWork) {
      channel.move('drain');
    } else if (channel.state === 'RUNNING') {
      channel.move('yield');
    }
  }

  private lookAtWaits(): void {
    const { channels, processor, timers, bus } = this.parts;
    const now = timers.now();
    for (const channel of channels) {
      const { wait } = channel;
      if (wait === undefined) {
        continue;
      }
      const { ports } = channel.owner;
      bus.become(ports.bus);
      try {
        if (processor.reached(channel, wait.address, wait.value)) {
          channel.wait = undefined;
          this.done(channel, now - wait.since);
        } else if (now - wait.since >= ports.watchdogNs()) {
          this.hang(channel);
        } else {
          this.poll();
        }
      } catch (error) {
        this.fault(channel, error);
      }
      // Looking costs the engines nothing.
      processor.dropLatency();
    }
  }

  private poll(): void {
    if (!this.polling) {
      this.polling = true;
      this.parts.timers.arm(timer.WAIT, WAIT_POLL_NS);
    }
  }

  // ------------------------------------------------------------------------------ what goes wrong

  /** @throws what is not a guest's fault. */
  private fault(channel: Channel, error: unknown): void {
    if (!(error instanceof Fault)) {
      throw error;
    }
    this.stop(channel, error);
  }

  private hang(channel: Channel): void {
    this.parts.counts.hangs++;
    this.stop(channel, new Fault('HANG', 0));
  }

  private stop(channel: Channel, { reason, value }: Fault): void {
    const { counts, trace } = this.parts;
    counts.faults++;
    trace.event('fault', channel.number, faults[reason].code);
    channel.stop(reason, value);
  }

  /** Ends what a channel has on an engine. */
  private abandon(number: number): void {
    const { counts, timers } = this.parts;
    const { running } = this;
    if (running?.channel === number) {
      counts.busyNs[running.engine] += timers.now() - running.since;
      this.running = undefined;
      timers.disarm(timer.PACKET);
    }
  }

  // ------------------------------------------------------------------------------ reset and state

  resetChannel(number: number): void {
    this.abandon(number);
    this.parts.channels[number].reset();
  }

  /** All channels of a function; the engines hold no context of it. */
  resetFunction(own: PartFunction): void {
    const { channels, timers } = this.parts;
    const { firstChannel, channels: count } = own.share;
    for (let number = firstChannel; number < firstChannel + count; number++) {
      this.resetChannel(number);
    }
    if (own.has(this.last)) {
      this.last = -1;
    }
    own.last = -1;
    if (!channels.some(({ wait }) => wait !== undefined)) {
      timers.disarm(timer.WAIT);
      this.polling = false;
    }
  }

  /** The part was divided anew: turns begin with the physical function. */
  restartTurns(): void {
    const { functions, timers } = this.parts;
    this.last = -1;
    this.turn = 0;
    this.quantumBegan = timers.now();
    functions[0].last = -1;
  }

  save(): SchedulerState {
    return {
      running: this.running,
      last: this.last,
      sliceBegan: this.sliceBegan,
      polling: this.polling,
      turn: this.turn,
      quantumBegan: this.quantumBegan,
      lasts: this.parts.functions.map(({ last }) => last),
    };
  }

  load(state: SchedulerState): void {
    this.running = state.running;
    this.last = state.last;
    this.sliceBegan = state.sliceBegan;
    this.polling = state.polling;
    this.turn = state.turn;
    this.quantumBegan = state.quantumBegan;
    this.parts.functions.forEach((own, index) => {
      own.last = state.lasts[index];
    });
  }
}
