/**
 * A virtio-gpu in use: the session with it, the order of what it is given, and what becomes of
 * both when the device is lost.
 */
import { GpuError, type GpuFeatures, type VirtioTransport, type WaitReason } from '@doorbell/abi';
import { covers } from './capset.ts';
import { addCounts, countsOf, type FrontendCounts, noCounts } from './counts.ts';
import { Journal } from './journal.ts';
import { Order } from './order.ts';
import type { Operation, Work } from './operation.ts';
import type { FrontendOptions, FrontendParts } from './options.ts';
import type { Session } from './probe.ts';
import { ProbeError } from './probe-error.ts';
import type { Request } from './requests.ts';
import { reasonOf, retry } from './retry.ts';
import { Scanout } from './scanout.ts';
import { answerTo, claim, startSession } from './session.ts';
import { Transfer } from './transfer.ts';
import { Undo } from './undo.ts';
import { Waiting } from './waiting.ts';
import { Watch } from './watch.ts';

/** How often it may be lost before anything new comes to an end. */
const MOST_RECOVERIES = 8;
const always = (): boolean => true;

export class VirtioGpuDevice {
  readonly parts: FrontendParts;
  readonly order: Order;
  readonly transfer: Transfer;
  readonly scanout: Scanout;
  session: Session;
  readonly features: GpuFeatures;

  readonly options: FrontendOptions;
  /** Work that has ended and was no command: what goes on is not silent. */
  progress = 0;
  /** Run when the device is gone for good, after all operations have ended. */
  readonly onLoss = new Set<(error: GpuError) => void>();
  private readonly transport: VirtioTransport;
  private readonly waiting: Waiting;
  private readonly watch: Watch;
  private undo: Undo;
  /** Set once, when the device is gone for good. */
  private loss: GpuError | undefined;
  /** An error that no call waits for: the next call throws it. */
  private unclaimed: GpuError | undefined;
  /** Somebody looks after the device; the others wait for that. */
  private looking = false;
  /** Operations that had ended at the last recovery, and recoveries since then. */
  private finishedBefore = 0;
  private recoveries = 0;
  /** Counts of sessions that are over, and whether `session` is one of them. */
  private past = noCounts;
  private ended = false;
  /** Why no other device can take the place of this one. */
  private hopeless: GpuError | undefined;

  /** @param undo  gives the session back. */
  constructor(
    transport: VirtioTransport,
    parts: FrontendParts,
    options: FrontendOptions,
    waiting: Waiting,
    undo: Undo,
    session: Session,
    features: GpuFeatures,
  ) {
    this.transport = transport;
    this.parts = parts;
    this.options = options;
    this.waiting = waiting;
    this.watch = new Watch(transport, waiting);
    this.undo = undo;
    this.session = session;
    this.features = features;
    this.transfer = new Transfer(this);
    this.scanout = new Scanout(parts.onFlushed ?? (() => {}));
    this.order = new Order(
      session.control,
      options.recover ? new Journal(this.transfer) : undefined,
      (error) => {
        this.giveUp(error);
      },
    );
  }

  /** Whether there are contexts and streams, or images alone. */
  get is3d(): boolean {
    return this.features.commands.size > 0;
  }

  get counts(): FrontendCounts {
    return this.ended ? this.past : addCounts(this.past, countsOf(this.session));
  }

  // ------------------------------------------------------------------------------ for callers

  /** @throws GpuError that nobody has been told of, or that the device is gone. */
  check(): void {
    const error = this.loss ?? this.unclaimed;
    this.unclaimed = undefined;
    if (error !== undefined) {
      throw error;
    }
  }

  /** For the next call, when no call in particular is to blame. The first error counts. */
  report(error: GpuError): void {
    this.unclaimed ??= error;
  }

  /** Waits until an operation is over. @throws GpuError that it was lost to. */
  async finish(work: Work, reason: WaitReason): Promise<void> {
    const operation = this.order.add(work);
    await this.until(() => operation.over, reason);
    if (operation.error !== undefined) {
      throw operation.error;
    }
  }

  /**
   * Waits until the device was given an operation, which slows a caller down that is too quick. An
   * error that comes later is reported. @throws GpuError that came before.
   */
  async begin(work: Work): Promise<void> {
    let waits = true;
    const operation = this.order.add({
      ...work,
      ended: (error) => {
        work.ended?.(error);
        if (error !== undefined && !waits) {
          this.report(error);
        }
      },
    });
    await this.untilBegun(operation);
    waits = false;
    if (operation.error !== undefined) {
      throw operation.error;
    }
  }

  /**
   * As `begin`, but an error that comes later is the work's own affair.
   * @throws GpuError when the device was never given it.
   */
  async submit(work: Work): Promise<void> {
    const operation = this.order.add(work);
    await this.untilBegun(operation);
    const error = operation.refused ?? this.loss;
    if (error !== undefined) {
      throw error;
    }
  }

  private async untilBegun(operation: Operation): Promise<void> {
    if (!operation.begun) {
      await this.until(() => operation.begun, 'queue');
    }
  }

  /** A command by itself, out of any order, and its response. @throws GpuError */
  async ask(name: 'control' | 'cursor', request: Request): Promise<Uint8Array> {
    for (;;) {
      this.check();
      const queue = this.session[name];
      const answer = answerTo(queue, request);
      // What a queue holds when it breaks goes with the device: it is asked again.
      await this.until(() => answer.over || queue.broken !== undefined, 'dependency');
      if (answer.over) {
        return claim(answer);
      }
    }
  }

  /** Whoever waits looks again. */
  wake(): void {
    this.waiting.wake();
  }

  /**
   * Waits, and looks after the device if need be. All operations end when it is lost.
   * @param asks  whether the wait is for commands: then the device is to notify of their ends.
   */
  async until(
    condition: () => boolean,
    reason: WaitReason,
    asks: () => boolean = always,
  ): Promise<void> {
    for (;;) {
      await this.waiting.asleep(() => !this.looking);
      const heard = await this.waiting.pause(condition, reason, asks);
      if (!this.looking && (this.waiting.attention || !heard)) {
        await this.look(heard);
      } else if (heard && condition()) {
        return;
      }
    }
  }

  // ------------------------------------------------------------------------------ looking after it

  private async look(heard: boolean): Promise<void> {
    this.looking = true;
    this.waiting.attention = false;
    try {
      const loss = this.hopeless ?? (await this.watch.look(this.session, heard, this.progress));
      if (loss !== undefined && this.loss === undefined) {
        const recovers = this.options.recover && this.hopeless === undefined;
        await (recovers ? this.recover(loss) : this.lose(loss));
      }
    } finally {
      this.looking = false;
      this.waiting.wake();
    }
  }

  /** What the device lost it does not get back: who looks next loses it for good. */
  private giveUp(error: GpuError): void {
    const reason = `virtio-gpu: what was done cannot be done again: ${error.message}`;
    this.hopeless ??= new GpuError('lost', reason);
    this.waiting.attention = true;
    this.waiting.wake();
  }

  /** The device is gone: everything ends. It is reset, so that it leaves our memory alone. */
  private async lose(error: GpuError): Promise<void> {
    this.loss ??= error;
    try {
      await this.endSession();
    } finally {
      this.order.lose(this.loss);
      for (const lose of this.onLoss) {
        lose(this.loss);
      }
    }
  }

  private async endSession(): Promise<void> {
    const { undo } = this;
    this.undo = new Undo();
    this.waiting.serve([]);
    this.past = this.counts;
    this.ended = true;
    await undo.run().catch(() => {}); // a transport that is gone cannot reset its device
  }

  /** Brings another device, or the same one after a reset, to where this one was. */
  private async recover(loss: GpuError): Promise<void> {
    const progress = this.order.finished !== this.finishedBefore;
    this.finishedBefore = this.order.finished;
    this.recoveries = progress ? 1 : this.recoveries + 1;
    await this.endSession();
    try {
      this.session = await this.startAgain();
      this.ended = false;
    } catch (error) {
      await this.lose(
        new GpuError('lost', `${loss.message} None is to be had in its place: ${reasonOf(error)}`),
      );
      return;
    }
    if (this.loss !== undefined) {
      return; // removed just now
    }
    this.watch.begin();
    this.scanout.reset();
    this.order.replay(this.session.control);
  }

  /** @throws Error that says why there is no device to be had. */
  private startAgain(): Promise<Session> {
    if (this.recoveries > MOST_RECOVERIES) {
      throw new Error(`It was lost ${MOST_RECOVERIES} times before anything new came to an end.`);
    }
    return retry(
      this.parts.clock,
      this.options.recoveryNs,
      () => this.startOnce(),
      () => this.loss !== undefined,
    );
  }

  /** @throws whatever is in the way. */
  private async startOnce(): Promise<Session> {
    const undo = new Undo();
    try {
      this.checkNotLost();
      const { transport, parts, options, waiting } = this;
      const { session, features } = await startSession(transport, parts, options, waiting, undo);
      if (!covers(features, this.features)) {
        throw new ProbeError('The device can less than the one that was lost.');
      }
      this.checkNotLost();
      this.undo = undo;
      return session;
    } catch (error) {
      await undo.run().catch(() => {});
      throw error;
    }
  }

  /** Nothing is taken in hand that nobody would give back. @throws GpuError once the driver was removed. */
  private checkNotLost(): void {
    if (this.loss !== undefined) {
      throw this.loss;
    }
  }

  // ------------------------------------------------------------------------------ the end

  /** Resets the device and gives back what the driver holds; what is under way is lost. */
  async remove(): Promise<void> {
    if (this.loss === undefined) {
      await this.lose(new GpuError('lost', 'virtio-gpu: the driver was removed.'));
    }
    this.waiting.wake();
  }
}
