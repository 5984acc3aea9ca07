/**
 * What there is once in the part, however many functions show it: VRAM, the MMU, the channels,
 * the engines and their scheduler. Each channel and each page of VRAM belongs to one function.
 */
import {
  CHANNELS,
  bellBars,
  PAGE_BYTES,
  type Stateful,
  type Timers,
  type Trace,
} from '@doorbell/abi';
import { PagedMemory, type PagedMemoryState } from '../paged-memory.ts';
import { ActiveBus } from './active-bus.ts';
import { Channel, type ChannelSaved } from './channel.ts';
import { type BellCounts, copyCounts, newCounts, restoreCounts } from './counts.ts';
import { EngineTime } from './engine-time.ts';
import { FunctionTurns } from './function-turns.ts';
import { LastWord } from './last-word.ts';
import { Mmu, type MmuState } from './mmu.ts';
import { PartFunction, type Share } from './part-function.ts';
import { Processor } from './processor.ts';
import type { EngineRates } from './rates.ts';
import { Scheduler, type SchedulerState } from './scheduler.ts';

export interface PartState {
  readonly channels: readonly ChannelSaved[];
  readonly scheduler: SchedulerState;
  readonly mmu: MmuState;
  readonly vram: PagedMemoryState;
  readonly counts: BellCounts;
}

/** The quantum of a function that has the part to itself never matters. */
const ALONE_NS = 1_000_000;

export class Part implements Stateful<PartState> {
  readonly counts = newCounts();
  readonly vram: PagedMemory;
  readonly lastWord = new LastWord();
  readonly mmu: Mmu;
  readonly channels: readonly Channel[];
  readonly scheduler: Scheduler;
  /** The physical function, then the virtual ones. */
  readonly functions: PartFunction[];
  private readonly trace: Trace;
  private readonly now: () => number;
  private readonly turns: FunctionTurns;
  private time: EngineTime;

  /** @param vramBytes  default: what the datasheet says. */
  constructor(
    { timers, trace }: { readonly timers: Timers; readonly trace: Trace },
    rates: EngineRates,
    vramBytes: number = bellBars.VRAM.size,
  ) {
    const vram = new PagedMemory(vramBytes);
    const mmu = new Mmu(vram);
    const { counts, lastWord } = this;
    const physical = new PartFunction(0, vram, wholePart(vramBytes));
    const bus = new ActiveBus(physical.ports.bus);
    this.trace = trace;
    this.vram = vram;
    this.mmu = mmu;
    this.functions = [physical];
    this.now = () => timers.now();
    this.turns = new FunctionTurns(this.functions);
    this.time = new EngineTime({ arbiter: this.turns, now: this.now });
    this.channels = Array.from({ length: CHANNELS }, (_, number) => this.channel(number, physical));
    this.scheduler = new Scheduler({
      channels: this.channels,
      processor: new Processor({ vram, mmu, bus, lastWord }, rates, counts, timers, trace),
      bus,
      counts,
      timers,
      trace,
      time: this.time,
    });
  }

  private channel(number: number, owner: PartFunction): Channel {
    return new Channel(number, owner, {
      reset: () => {
        this.trace.event('reset', number, 0);
        this.scheduler.resetChannel(number);
        this.mmu.invalidate(number, 1);
        this.time.run();
      },
      control: () => {
        this.scheduler.control(this.channels[number]);
      },
    });
  }

  /** The engines' time is given out by another from now on, to who `tenantOf` says. Nothing runs. */
  share(time: EngineTime, tenantOf: (channel: number) => number): void {
    this.time = time;
    this.scheduler.share(time, ({ number }) => tenantOf(number));
  }

  /** All channels of a function, and the translations that they made. */
  resetFunction(own: PartFunction): void {
    this.scheduler.resetFunction(own);
    this.mmu.invalidate(own.share.firstChannel, own.share.channels);
  }

  /**
   * Divides the part among the physical function and as many virtual ones as there are more
   * shares; the virtual ones of before are gone. Channels that change hands are reset, and the
   * VRAM of a virtual function holds zeros, so that nobody finds what another left.
   */
  divide(shares: readonly Share[]): void {
    const [physical, ...gone] = this.functions;
    for (const own of gone) {
      this.resetFunction(own);
      this.erase(own);
      own.end();
    }
    physical.give(this.vram, shares[0]);
    this.functions.length = 1;
    shares.slice(1).forEach((share, index) => {
      const own = new PartFunction(index + 1, this.vram, share);
      this.functions.push(own);
      this.erase(own);
    });
    this.assignChannels(true);
    this.mmu.invalidateAll();
    this.scheduler.forgetContexts();
    this.turns.restart(this.now());
    this.time.run();
  }

  /** The function's VRAM holds zeros. */
  erase({ share }: PartFunction): void {
    this.vram.clear(share.firstPage * PAGE_BYTES, share.pages * PAGE_BYTES);
  }

  private assignChannels(reset: boolean): void {
    for (const channel of this.channels) {
      const owner = this.functions.find((own) => own.has(channel.number)) ?? this.functions[0];
      if (owner !== channel.owner) {
        channel.owner = owner;
        if (reset) {
          this.scheduler.resetChannel(channel.number);
        }
      }
    }
  }

  save(): PartState {
    return {
      channels: this.channels.map((channel) => channel.save()),
      scheduler: this.scheduler.save(),
      mmu: this.mmu.save(),
      vram: this.vram.save(),
      counts: copyCounts(this.counts),
    };
  }

  /** @param shares  as they were divided when `state` was saved. */
  load(state: PartState, shares: readonly Share[] = [wholePart(this.vram.size)]): void {
    this.restoreShares(shares);
    state.channels.forEach((saved, number) => {
      this.channels[number].load(saved);
    });
    this.scheduler.load(state.scheduler);
    this.mmu.load(state.mmu);
    this.vram.load(state.vram);
    restoreCounts(this.counts, state.counts);
  }

  /** Functions that are still there stay who they are. */
  private restoreShares(shares: readonly Share[]): void {
    this.functions.splice(shares.length).forEach((own) => {
      own.end();
    });
    shares.forEach((share, index) => {
      const own = this.functions.at(index);
      if (own === undefined) {
        this.functions.push(new PartFunction(index, this.vram, share));
      } else {
        own.give(this.vram, share);
      }
    });
    this.assignChannels(false);
  }
}

/** What a function has that is alone. */
export function wholePart(vramBytes: number): Share {
  return {
    firstChannel: 0,
    channels: CHANNELS,
    firstPage: 0,
    pages: vramBytes / PAGE_BYTES,
    quantumNs: ALONE_NS,
  };
}
