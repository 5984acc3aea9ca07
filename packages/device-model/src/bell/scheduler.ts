/**
 * The scheduler in hardware: one packet of one channel runs at a time. Whose turn it is among those
 * that share the engines, their arbiter says (`EngineTime`); of one tenant's channels each has them
 * for a time slice, round-robin, at the ends of packets. A WAIT gives the turn away and is looked at
 * again every microsecond.
 */
import { faults, type Stateful, type Timers, type Trace, type TraceOrigin } from '@doorbell/abi';
import { type Channel, NOWHERE } from './channel.ts';
import { isStopped } from './channel-state.ts';
import type { BellCounts, Engine } from './counts.ts';
import type { ActiveBus } from './active-bus.ts';
import { Demand, type DemandState } from './demand.ts';
import type { EngineTime, EngineTimeState, Runner } from './engine-time.ts';
import { Fault } from './fault.ts';
import type { PartFunction } from './part-function.ts';
import type { Processor } from './processor.ts';

/** Timers of the function. */
const timer = { PACKET: 0, WAIT: 1 } as const;

const WAIT_POLL_NS = 1000;

/** A packet whose time passes. */
interface Running {
  readonly channel: number;
  /** Whom its time is booked to. */
  readonly tenant: number;
  readonly engine: Engine;
  /** When its work began, behind a switch of contexts, and what is left to do from then on. */
  readonly since: number;
  readonly ns: number;
  /** It can be stopped after each so many nanoseconds of work; 0: it cannot. */
  readonly batchNs: number;
  /** The watchdog will end it. */
  readonly hangs: boolean;
}

export interface SchedulerState {
  readonly running: Running | undefined;
  readonly polling: boolean;
  readonly demand: DemandState;
  readonly time: EngineTimeState;
}

/** What the scheduler works with. */
export interface SchedulerParts {
  readonly channels: readonly Channel[];
  readonly processor: Processor;
  readonly bus: ActiveBus;
  readonly counts: BellCounts;
  readonly timers: Timers;
  readonly trace: Trace;
  readonly time: EngineTime;
}

export class Scheduler implements Runner, Stateful<SchedulerState> {
  private readonly parts: SchedulerParts;
  private time: EngineTime;
  /** Whom a channel that is turned on works for. */
  private tenantOf: (channel: Channel) => number = ({ owner }) => owner.index;
  private readonly demand = new Demand({
    wake: (tenant) => {
      this.time.wake(tenant, this);
    },
    sleep: (tenant) => {
      this.time.sleep(tenant);
    },
  });
  private readonly switched = (): void => {
    this.parts.counts.contextSwitches++;
  };
  private running: Running | undefined;
  /** Whether the timer for WAIT packets is armed. */
  private polling = false;

  constructor(parts: SchedulerParts) {
    this.parts = parts;
    this.time = parts.time;
  }

  /**
   * The engines' time is given out by another from now on. Nothing runs; channels that are on are
   * asked for again.
   */
  share(time: EngineTime, tenantOf: (channel: Channel) => number): void {
    for (const { number } of this.parts.channels) {
      this.demand.update(number, false);
    }
    this.time = time;
    this.tenantOf = tenantOf;
    this.forgetContexts();
    for (const channel of this.parts.channels) {
      this.control(channel);
    }
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
      channel.publish(tail, trace.origin?.());
    } catch (error) {
      this.abandon(number);
      // No packet is to blame.
      channel.position = NOWHERE;
      this.fault(channel, error);
    }
    this.update(channel);
    this.time.run();
  }

  /** CONTROL of the channel was written. */
  control(channel: Channel): void {
    if (channel.enabled && !this.demand.has(channel.number)) {
      this.demand.assign(channel.number, this.tenantOf(channel));
    }
    this.update(channel);
    this.time.run();
  }

  /** CONTROL of a function was written, or it was reset. */
  functionChanged(own: PartFunction): void {
    const { firstChannel, channels: count } = own.share;
    for (let number = firstChannel; number < firstChannel + count; number++) {
      this.update(this.parts.channels[number]);
    }
    this.time.run();
  }

  /** Call it when anything about the channel has changed. */
  private update(channel: Channel): void {
    const isRunning = this.running?.channel === channel.number;
    const wants = isRunning || (channel.ready && channel.owner.ports.enabled());
    this.demand.update(channel.number, wants);
  }

  // ------------------------------------------------------------------------------ packets

  begin(tenant: number): void {
    const { channels } = this.parts;
    const channel = channels[this.demand.take(tenant, this.time.begin, this.switched)];
    const outer = this.takeUp(channel);
    this.beginPacket(channel, tenant);
    this.goBack(outer);
  }

  /** What happens now is for whoever rang for this packet. Gives what it was for; undefined: for the same. */
  private takeUp({ origin }: Channel): TraceOrigin | undefined {
    const { trace } = this.parts;
    const outer = origin && trace.origin?.();
    if (origin === undefined || outer === undefined || outer.request === origin.request) {
      return undefined;
    }
    trace.takeUp?.(origin);
    return outer;
  }

  private goBack(outer: TraceOrigin | undefined): void {
    if (outer !== undefined) {
      this.parts.trace.takeUp?.(outer);
    }
  }

  private beginPacket(channel: Channel, tenant: number): void {
    const { processor } = this.parts;
    const { number, suspended } = channel;
    channel.move('start');
    if (suspended !== undefined) {
      channel.suspended = undefined;
      this.start({ ...suspended, channel: number, tenant });
      return;
    }
    this.parts.bus.become(channel.owner.ports.bus);
    const limit = channel.owner.ports.watchdogNs();
    try {
      const took = processor.execute(channel, limit);
      if (channel.wait === undefined) {
        const hangs = took > limit;
        const ns = Math.max(1, Math.ceil(hangs ? limit : took));
        const { engine } = processor;
        const batchNs = hangs ? 0 : processor.batchNs;
        this.start({ channel: number, tenant, engine, ns, batchNs, hangs });
      } else {
        channel.move('yield');
        this.poll();
      }
    } catch (error) {
      processor.dropLatency();
      this.fault(channel, error);
    }
    this.update(channel);
  }

  private start(packet: Omit<Running, 'since'>): void {
    const { timers, counts } = this.parts;
    const { time } = this;
    const { tenant } = packet;
    const switchNs = time.switchTo(tenant);
    const since = time.begin + switchNs;
    counts.switchNs += switchNs;
    this.running = { ...packet, since };
    time.occupy(this, tenant);
    timers.arm(timer.PACKET, since + packet.ns - timers.now());
  }

  stopAfter(time: number): void {
    const { running } = this;
    const { timers } = this.parts;
    if (running === undefined || running.batchNs === 0) {
      return;
    }
    const { since, ns, batchNs } = running;
    const left = since + ns - timers.now();
    if (left <= 0) {
      // Its timer is due, and armed anew would come later.
      return;
    }
    // Ends of batches are whole nanoseconds: this is the first one that is not before `from`.
    const from = Math.max(time, timers.now()) - since;
    const batches = Math.max(1, Math.floor((from - 1) / batchNs) + 1);
    const stop = Math.min(ns, Math.ceil(batches * batchNs));
    timers.arm(timer.PACKET, since + stop - timers.now());
  }

  onTimer(id: number): void {
    if (id === timer.PACKET) {
      this.finish();
    } else {
      this.polling = false;
      this.lookAtWaits();
    }
    this.time.run();
  }

  /** The running packet's time is over, or its turn is. */
  private finish(): void {
    const { channels, timers } = this.parts;
    const { running } = this;
    if (running === undefined) {
      return;
    }
    const channel = channels[running.channel];
    const outer = this.takeUp(channel);
    const left = running.since + running.ns - timers.now();
    this.vacate(running, running.ns - left);
    if (left > 0) {
      const { engine, batchNs, hangs } = running;
      channel.suspended = { engine, batchNs, hangs, ns: left };
      channel.move('yield');
      this.parts.counts.preemptions++;
    } else if (running.hangs) {
      this.hang(channel);
    } else {
      this.done(channel, running.ns);
    }
    this.update(channel);
    this.goBack(outer);
  }

  private vacate({ engine, tenant }: Running, ns: number): void {
    this.running = undefined;
    this.parts.counts.busyNs[engine] += ns;
    this.time.vacate(tenant, ns);
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
      const outer = this.takeUp(channel);
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
      this.update(channel);
      this.goBack(outer);
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
    const { timers } = this.parts;
    const { running } = this;
    if (running?.channel === number) {
      this.vacate(running, Math.max(0, timers.now() - running.since));
      timers.disarm(timer.PACKET);
    }
  }

  // ------------------------------------------------------------------------------ reset and state

  resetChannel(number: number): void {
    const channel = this.parts.channels[number];
    this.abandon(number);
    channel.reset();
    this.update(channel);
  }

  /** All channels of a function; the engines hold no context of it. */
  resetFunction(own: PartFunction): void {
    const { channels, timers } = this.parts;
    const { firstChannel, channels: count } = own.share;
    for (let number = firstChannel; number < firstChannel + count; number++) {
      this.resetChannel(number);
    }
    this.demand.forget((number) => own.has(number));
    if (!channels.some(({ wait }) => wait !== undefined)) {
      timers.disarm(timer.WAIT);
      this.polling = false;
    }
  }

  /** The part was divided anew. */
  forgetContexts(): void {
    this.demand.forget(() => true);
  }

  save(): SchedulerState {
    const { running, polling } = this;
    return { running, polling, demand: this.demand.save(), time: this.time.save() };
  }

  load({ running, polling, demand, time }: SchedulerState): void {
    this.running = running;
    this.polling = polling;
    this.demand.load(demand);
    this.time.load(time);
    const awake = demand.wanting.map((number) => demand.tenants[number]);
    this.time.restore(this, awake, running?.tenant);
  }
}
