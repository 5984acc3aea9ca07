/**
 * The order of a channel's work. Entries begin and end in the order in which they were added; each
 * begins once there is room for it, and nothing that it needs is under way at the host. Nothing here
 * leaves the guest: the ring and the fence word are RAM, the doorbell is the GPU's own.
 */
import { GpuError, type WaitReason } from '@doorbell/abi';
import type { ChannelMemory } from './channel-memory.ts';
import { faultOf } from './fault.ts';
import { type Job, newPlace, type Place, type PushBuffer } from './push-buffer.ts';

/** Something that work writes, and that the host may be showing. */
export interface Shown {
  /** Presents under way: each shows what was there when so many entries had been added. */
  readonly presents: ReadonlySet<number>;
}

/** As many quiet jobs in a row: then one interrupts, so that a ring that is full is heard of. */
const MOST_QUIET = 16;

export interface Entry {
  readonly sequence: number;
  place: Place;
  readonly writes: Iterable<Shown>;
  /** What it needs is mapped; or the host has refused that, and it does nothing. */
  isReady: boolean;
  refused: GpuError | undefined;
  /** With an error: it was lost. `address`: of its bytes in the area, as the CPU sees them. */
  readonly ended: (error: GpuError | undefined, address: number) => void;
  over: boolean;
  error: GpuError | undefined;
}

export interface QueueParts {
  readonly push: PushBuffer;
  /** Fences interrupt, but those of quiet jobs; false: the fence word is polled. */
  readonly interrupts: boolean;
  readonly memory: ChannelMemory;
  /** Rings the doorbell. */
  readonly ring: (tail: number) => void;
  /** Has the host turn the channel on again. */
  readonly restart: (ended: (error: GpuError | undefined) => void) => void;
  /** Waits; `asks`: whether for the host, too. */
  readonly until: (
    condition: () => boolean,
    reason: WaitReason,
    asks: () => boolean,
  ) => Promise<void>;
  /** An entry has ended, or another may begin. */
  readonly wake: () => void;
  readonly onEnded: () => void;
}

export class ChannelQueue {
  private readonly parts: QueueParts;
  /** What is not over, oldest first, and how many of it the GPU has. */
  private entries: Entry[] = [];
  private begun = 0;
  /** Sequence numbers: the last that was added, the last that the GPU was given, the last that is over. */
  last = 0;
  private lastBegun = 0;
  /** The last whose fence interrupts. */
  private lastHeard = 0;
  /** Quiet jobs since then. */
  private quiet = 0;
  private lastOver = 0;
  /** What is to be done once a sequence number is over. */
  private later: { readonly sequence: number; readonly run: () => void }[] = [];
  /** The host is turning the channel on again. */
  private isRestarting = false;
  /** Set once: there is no channel any more. */
  private loss: GpuError | undefined;
  /** An error that no call waits for: the next call throws it. */
  private unclaimed: GpuError | undefined;

  constructor(parts: QueueParts) {
    this.parts = parts;
  }

  // ------------------------------------------------------------------------------ for callers

  add(job: Job, ended: Entry['ended'], writes: Iterable<Shown> = [], isReady = true): Entry {
    const entry: Entry = {
      ...{ sequence: ++this.last, place: newPlace(job), writes, isReady, ended },
      ...{ refused: undefined, over: false, error: undefined },
    };
    this.entries.push(entry);
    this.service();
    return entry;
  }

  /** What it needs is mapped, or will never be: then it does nothing, and ends with the error in its turn. */
  settle(entry: Entry, refused: GpuError | undefined): void {
    entry.isReady = true;
    if (refused !== undefined) {
      entry.refused = refused;
      entry.place = newPlace({ bytes: 0, packet: () => undefined });
    }
    this.parts.wake();
  }

  get idle(): boolean {
    return this.entries.length === 0;
  }

  /** Whether an entry, and so all before it, is over. 0 comes before all. */
  isOver(sequence: number): boolean {
    return this.lastOver >= sequence;
  }

  /** Waits until the GPU was given an entry. @throws GpuError that it was lost to before. */
  async untilBegun(entry: Entry): Promise<void> {
    await this.until(() => this.lastBegun >= entry.sequence || entry.over, 'queue');
    if (this.lastBegun < entry.sequence && entry.error !== undefined) {
      throw entry.error;
    }
  }

  /** Waits until an entry is over. @throws GpuError that it was lost to. */
  async untilOver(entry: Entry, reason: WaitReason): Promise<void> {
    await this.until(() => entry.over, reason);
    if (entry.error !== undefined) {
      throw entry.error;
    }
  }

  /** @param isHosts  the condition is the host's to bring about, and not the GPU's alone. */
  async until(condition: () => boolean, reason: WaitReason, isHosts = false): Promise<void> {
    const held = (): boolean => {
      this.service();
      const holds = condition();
      if (!holds) {
        this.askToHear();
      }
      return holds;
    };
    await this.parts.until(held, reason, () => isHosts || this.waitsForHost);
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

  /** @throws GpuError that nobody has been told of, or that the channel is gone. */
  check(): void {
    this.service();
    const error = this.loss ?? this.unclaimed;
    this.unclaimed = undefined;
    if (error !== undefined) {
      throw error;
    }
  }

  /** The channel is gone: everything ends with `error`, and so does every later call. */
  lose(error: GpuError): void {
    this.loss ??= error;
    while (this.entries.length > 0) {
      this.end(this.loss);
    }
  }

  // ------------------------------------------------------------------------------ serving it

  /** Ends what is done and begins what has room. Each call does it, and whoever waits. */
  private service(): void {
    if (this.loss !== undefined) {
      this.lose(this.loss);
      return;
    }
    this.endPassed();
    if (!this.isRestarting) {
      const report = this.parts.memory.report();
      if (report !== undefined) {
        this.recover(faultOf(report));
      }
    }
    this.begin();
  }

  /** Ends the work whose fences have passed. */
  private endPassed(): void {
    const word = this.parts.memory.fenceWord();
    // The other side may lie: no fence can have passed that is not in the ring.
    if (hasPassed(word, this.lastBegun + 1)) {
      this.lose(new GpuError('lost', `bell: fence ${word} was written, which is not in the ring.`));
    }
    while (this.begun > 0 && hasPassed(word, this.entries[0].sequence)) {
      this.end(undefined);
    }
  }

  /** Gives the GPU what there is room for, with one doorbell. */
  private begin(): void {
    let more = !this.isRestarting;
    while (more) {
      more = this.beginNext();
    }
    if (!this.isRestarting) {
      this.publish();
    }
  }

  private publish(): void {
    const tail = this.parts.push.publish();
    if (tail !== undefined) {
      // The packets must be in memory before the doorbell is rung. An x86 CPU keeps its stores in
      // order; on others a write barrier stands here.
      this.parts.ring(tail);
    }
  }

  /** False: there is nothing to begin, or it has to wait. */
  private beginNext(): boolean {
    const entry = this.entries[this.begun];
    if (entry === undefined || !this.mayBegin(entry)) {
      return false;
    }
    const { sequence, place } = entry;
    const mayBeQuiet = place.job.isQuiet === true && this.quiet < MOST_QUIET;
    const isHeard = this.parts.interrupts && !mayBeQuiet;
    if (!this.parts.push.push(place, sequence, isHeard)) {
      return false;
    }
    this.begun++;
    this.lastBegun = Math.max(this.lastBegun, sequence);
    this.lastHeard = isHeard ? sequence : this.lastHeard;
    this.quiet = isHeard ? 0 : this.quiet + 1;
    return true;
  }

  /** Who waits may wait for quiet jobs: then the last of them interrupts after all. */
  private askToHear(): void {
    const { push, interrupts } = this.parts;
    const isQuiet = this.begun > 0 && this.lastHeard < this.lastBegun;
    if (interrupts && isQuiet && !this.isRestarting && push.pushInterrupt(this.lastBegun)) {
      this.lastHeard = this.lastBegun;
      this.publish();
    }
  }

  /** What it needs is mapped, and the host has shown what it writes. */
  private mayBegin(entry: Entry): boolean {
    if (!entry.isReady) {
      return false;
    }
    for (const { presents } of entry.writes) {
      for (const after of presents) {
        if (after < entry.sequence) {
          return false;
        }
      }
    }
    return true;
  }

  /** Whether nothing goes on before the host has done something. */
  private get waitsForHost(): boolean {
    const next = this.entries[this.begun];
    return this.isRestarting || (next !== undefined && !this.mayBegin(next));
  }

  /** Ends the oldest entry. */
  private end(error: GpuError | undefined): void {
    const { push, wake, onEnded } = this.parts;
    const entry = this.entries.shift()!;
    this.begun = Math.max(this.begun - 1, 0);
    this.lastOver = entry.sequence;
    entry.over = true;
    entry.error = error ?? entry.refused;
    entry.ended(entry.error, push.addressOf(entry.place));
    push.release(entry.place);
    this.runDue();
    onEnded();
    wake();
  }

  /** What `whenOver` put off. */
  private runDue(): void {
    const due = this.later.filter(({ sequence }) => this.isOver(sequence));
    if (due.length > 0) {
      this.later = this.later.filter(({ sequence }) => !this.isOver(sequence));
      due.forEach(({ run }) => {
        run();
      });
    }
  }

  /** The channel stopped. What it ran is lost; what stood behind it in the ring begins anew. */
  private recover(error: GpuError): void {
    const { push, memory, restart, wake } = this.parts;
    this.isRestarting = true;
    memory.clearReport();
    push.restart(this.entries.slice(0, this.begun).map(({ place }) => place));
    const lost = this.begun > 0;
    this.begun = 0;
    this.lastHeard = 0; // what stood in the ring is put there again
    if (lost) {
      this.end(error);
    } else {
      this.report(error);
    }
    restart((failure) => {
      this.isRestarting = false;
      if (failure !== undefined) {
        this.lose(failure);
      }
      wake();
    });
  }
}

/** Whether `word` says that `fence` has passed. Both count modulo 2^32, so compare by difference. */
function hasPassed(word: number, fence: number): boolean {
  return ((word - fence) | 0) >= 0;
}
