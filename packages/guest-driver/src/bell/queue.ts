/**
 * The order of things. Every call of the Gpu API that must take its turn becomes an entry: work
 * for the GPU, or an action of the CPU. Entries begin and end in order, so that calls take
 * effect in the order in which they were made, awaited or not.
 *
 * As in most drivers the interrupt handler does little (`interrupt`: acknowledge and wake) and
 * whoever waits does the rest (`service`).
 */
import {
  channelRegisters,
  channelStates,
  type Clock,
  GpuError,
  type WaitQueue,
  type WaitReason,
} from '@doorbell/abi';
import type { Channel, ChannelSetup } from './channel.ts';
import { hasPassed } from './fence.ts';
import type { Job, PushBuffer } from './push-buffer.ts';

/** A channel that says nothing for so long is asked for its state. */
const PATIENCE_NS = 1_000_000_000;
/** How often it may answer that it is busy. Its own watchdog is much quicker. */
const MOST_LOOKS = 10;

const { FENCE, FAULT, HANG } = channelRegisters.rows.INTERRUPT.bits;
const KNOWN_CAUSES = FENCE.mask | FAULT.mask | HANG.mask;

export interface Entry {
  readonly sequence: number;
  /** Work of the GPU: makes its packets, and may take memory to do so. @throws GpuError */
  readonly packets: (() => Uint32Array) | undefined;
  /** Or an action of the CPU, when all before it is over. */
  readonly act: (() => void) | undefined;
  /** Runs when the entry is over, before anything behind it ends. With an error: it was lost. */
  readonly ended: (error: GpuError | undefined) => void;
  /** The packets on their way, once they were made. */
  job: Job | undefined;
  over: boolean;
  error: GpuError | undefined;
}

export class Queue {
  private readonly channel: Channel;
  private readonly setup: ChannelSetup;
  private readonly push: PushBuffer;
  private readonly changed: WaitQueue;

  /** What is not over, oldest first. */
  private entries: Entry[] = [];
  /** How many of them are in the ring. */
  private begun = 0;
  /** Sequence numbers: the last given out, the last in the ring, the last that is over. */
  private last = 0;
  private lastBegun = 0;
  private lastOver = 0;
  /** What is to be done once a sequence number is over. */
  private later: { readonly sequence: number; readonly run: () => void }[] = [];
  /** Causes of interrupts that `service` has not seen: written by the handler. */
  private causes = 0;
  /** How often the channel was found busy since its last sign of progress. */
  private looks = 0;
  /** Set once, when the device is gone. */
  private loss: GpuError | undefined;
  /** An error that no call waits for: the next call throws it. */
  private unclaimed: GpuError | undefined;

  constructor(channel: Channel, setup: ChannelSetup, push: PushBuffer, clock: Clock) {
    this.channel = channel;
    this.setup = setup;
    this.push = push;
    this.changed = clock.waitQueue();
  }

  // ------------------------------------------------------------------------------ for callers

  /** Work for the GPU: begins once there is room for it. */
  submit(packets: () => Uint32Array, ended: Entry['ended']): Entry {
    return this.add(packets, undefined, ended);
  }

  /** An action of the CPU, once all before it is over. */
  act(act: () => void): Entry {
    return this.add(undefined, act, () => {});
  }

  private add(packets: Entry['packets'], act: Entry['act'], ended: Entry['ended']): Entry {
    const sequence = ++this.last;
    const state = { job: undefined, over: false, error: undefined };
    const entry: Entry = { sequence, packets, act, ended, ...state };
    this.entries.push(entry);
    this.service();
    return entry;
  }

  get idle(): boolean {
    return this.entries.length === 0;
  }

  /** Whether an entry, and so all before it, is over. 0 comes before all. */
  isOver(sequence: number): boolean {
    return this.lastOver >= sequence;
  }

  /** Waits until the device was given an entry: how a caller that is too quick is slowed down. */
  async untilBegun(entry: Entry): Promise<void> {
    await this.until(() => this.lastBegun >= entry.sequence || entry.over, 'queue');
  }

  /** Waits until an entry is over. @throws GpuError that it was lost to. */
  async untilOver(entry: Entry, reason: WaitReason): Promise<void> {
    await this.until(() => entry.over, reason);
    if (entry.error !== undefined) {
      throw entry.error;
    }
  }

  async until(condition: () => boolean, reason: WaitReason): Promise<void> {
    const held = (): boolean => {
      this.service();
      return condition();
    };
    while (!(await this.changed.until(held, reason, PATIENCE_NS))) {
      this.look();
    }
  }

  /** Runs `run` once an entry is over. */
  whenOver(sequence: number, run: () => void): void {
    if (this.isOver(sequence)) {
      run();
    } else {
      this.later.push({ sequence, run });
    }
  }

  /** How much waits to be done by `whenOver`. */
  get pending(): number {
    return this.later.length;
  }

  /** For the next call, when no call in particular is to blame. The first error counts. */
  report(error: GpuError): void {
    this.unclaimed ??= error;
  }

  /** @throws GpuError that nobody has been told of, or that the device is gone. */
  check(): void {
    this.service();
    const error = this.loss ?? this.unclaimed;
    this.unclaimed = undefined;
    if (error !== undefined) {
      throw error;
    }
  }

  /** The device is gone: everything ends with `error`, and so does every later call. */
  lose(error: GpuError): void {
    this.loss ??= error;
    while (this.entries.length > 0) {
      this.end(error);
    }
  }

  // ------------------------------------------------------------------------------ interrupts

  /** The handler of the channel's vector. A spurious interrupt does no harm. */
  interrupt(): void {
    this.causes = (this.causes | this.channel.acknowledge()) >>> 0;
    this.changed.wake();
  }

  /** Ends what is done and begins what has room. Each call does it, and whoever waits. */
  private service(): void {
    const { causes } = this;
    this.causes = 0;
    if ((causes & ~KNOWN_CAUSES) !== 0) {
      this.lose(new GpuError('lost', 'bell: the device is gone: its registers read all ones.'));
    }
    if (this.loss !== undefined) {
      this.lose(this.loss);
      return;
    }
    this.endPassed();
    if ((causes & (FAULT.mask | HANG.mask)) !== 0) {
      this.recover();
    }
    while (this.entries[0]?.act !== undefined) {
      this.entries[0].act();
      this.end(undefined);
    }
    this.begin();
  }

  /** Ends the work whose fences have passed. */
  private endPassed(): void {
    const word = this.push.fenceWord();
    // The other side may lie: no fence can have passed that is not in the ring.
    if (hasPassed(word, this.lastBegun + 1)) {
      this.lose(
        new GpuError('lost', `bell: the device wrote fence ${word}, which it was not given.`),
      );
    }
    while (this.begun > 0 && hasPassed(word, this.entries[0].sequence)) {
      this.end(undefined);
    }
  }

  /** Gives the device what there is room for, with one doorbell. */
  private begin(): void {
    let more;
    do {
      more = this.beginNext();
    } while (more);
    const tail = this.push.publish();
    if (tail !== undefined) {
      this.channel.ring(tail);
    }
  }

  /** False: there is nothing to begin, or no room for it. */
  private beginNext(): boolean {
    const entry = this.entries[this.begun];
    if (entry?.packets === undefined) {
      return false;
    }
    try {
      entry.job ??= this.push.job(entry.sequence, entry.packets());
    } catch (error) {
      if (this.begun === 0) {
        this.end(error as GpuError); // nothing is under way that could make room
      }
      return this.begun === 0;
    }
    if (!this.push.push(entry.job)) {
      return false;
    }
    this.begun++;
    this.lastBegun = Math.max(this.lastBegun, entry.sequence);
    return true;
  }

  /** Ends the oldest entry. */
  private end(error: GpuError | undefined): void {
    const entry = this.entries.shift()!;
    this.begun = Math.max(this.begun - 1, 0);
    this.lastOver = entry.sequence;
    this.looks = 0;
    entry.over = true;
    entry.error = error;
    if (entry.job !== undefined) {
      this.push.release(entry.job);
    }
    entry.ended(error);
    this.runDue();
    this.changed.wake();
  }

  /** What `whenOver` put off. */
  private runDue(): void {
    if (this.later.length > 0) {
      const due = this.later.filter(({ sequence }) => this.isOver(sequence));
      this.later = this.later.filter(({ sequence }) => !this.isOver(sequence));
      due.forEach(({ run }) => run());
    }
  }

  // ------------------------------------------------------------------------------ recovery

  /** The channel stopped. What it ran is lost; what stood behind it in the ring begins anew. */
  private recover(): void {
    const error = this.channel.fault();
    try {
      this.channel.reset();
    } catch (failure) {
      this.lose(failure as GpuError);
      return;
    }
    this.causes = 0; // of before the reset
    this.push.restart(this.entries.slice(0, this.begun).map(({ job }) => job!));
    this.channel.start(this.setup);
    const lost = this.begun > 0;
    this.begun = 0;
    if (lost) {
      this.end(error);
    } else {
      this.report(error);
    }
  }

  /** Nothing was heard for long: an interrupt was lost, or the channel never ends. */
  private look(): void {
    const state = this.channel.state();
    const busy = state === channelStates.RUNNABLE || state === channelStates.RUNNING;
    this.endPassed();
    if (this.begun > 0 && (!busy || ++this.looks >= MOST_LOOKS)) {
      this.recover();
    }
  }
}
