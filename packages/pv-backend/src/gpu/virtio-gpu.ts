/**
 * virtio-gpu's device half (VIRTIO 1.3 §5.7), in front of a renderer. Two tasks do its work: one
 * serves the queues, the other answers fenced commands when their work is over. Nothing that a
 * driver does throws: it is answered, or the device needs a reset and says why.
 */
import {
  Chain,
  type FeatureSet,
  GpuError,
  MAX_INDIRECT,
  type QueueSetup,
  RingError,
  type VirtioHost,
  virtioIds,
  type WaitQueue,
} from '@doorbell/abi';
import { GuestMemory } from '../guest-memory.ts';
import { LiveQueue, openRing } from '../live-queue.ts';
import { BaseDevice } from '../virtio-device.ts';
import { capsetsOf } from './capset.ts';
import { CommandServer } from './command-server.ts';
import { type DeviceCounts, newTally } from './counts.ts';
import { DisplayConfig } from './display-config.ts';
import { isAcceptable, offeredFeatures } from './features.ts';
import { FenceQueue } from './fence-queue.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { presentDue } from './scanout-commands.ts';
import { Session } from './session.ts';
import { Tasks } from './tasks.ts';
import { Turns } from './turns.ts';
import type { VirtioGpuParts } from './virtio-gpu-parts.ts';

/** The largest size of each queue: QEMU's. */
const CONTROL_SIZE = 256;
const CURSOR_SIZE = 16;

export class VirtioGpu extends BaseDevice {
  readonly deviceId = virtioIds.GPU;
  private readonly parts: VirtioGpuParts;
  private readonly memory: GuestMemory;
  private readonly limits: Limits;
  private readonly display: DisplayConfig;
  private readonly tally = newTally();
  private readonly fences: FenceQueue;
  private readonly server: CommandServer;

  /** Wakes the task that serves the queues. */
  private readonly bell: WaitQueue;
  private isRung = false;
  private readonly live: LiveQueue[] = [];
  /** Of each queue that is enabled and not served: the available index of the next chain. */
  private readonly nextIndexes: number[] = [];
  private readonly chain = new Chain(CONTROL_SIZE + MAX_INDIRECT);
  private session: Session | undefined;
  /** Sessions that are over, whose resources are still the renderer's. */
  private readonly ended: Session[] = [];

  private readonly tasks: Tasks;
  private readonly turns: Turns | undefined;
  /** A queue that takes no more has returned all. */
  private readonly drained: WaitQueue;
  private isStopping = false;

  constructor(host: VirtioHost, parts: VirtioGpuParts) {
    super(host, parts.trace, [CONTROL_SIZE, CURSOR_SIZE]);
    const { clock, renderer, trace, follower, breathe } = parts;
    this.parts = parts;
    this.memory = new GuestMemory(host.memory);
    this.limits = { ...defaultLimits, ...parts.limits };
    this.display = new DisplayConfig(parts.width, parts.height, parts.scanouts ?? 1);
    this.bell = clock.waitQueue();
    this.drained = clock.waitQueue();
    this.tasks = new Tasks(parts.spawn, clock.waitQueue());
    this.turns = breathe === undefined ? undefined : new Turns(clock, breathe);
    this.fences = new FenceQueue(renderer, clock.waitQueue(), this.turns);
    this.server = new CommandServer({
      memory: this.memory,
      limits: this.limits,
      fences: this.fences,
      ...{ trace, follower },
      tally: this.tally,
      onLost: (queue, why) => this.needsReset(queue, why),
    });
    this.tasks.spawn(() => this.serve());
    this.tasks.spawn(() => this.fences.run());
  }

  // ------------------------------------------------------------------------------ §5.7.3, §5.7.4

  get features(): FeatureSet {
    return offeredFeatures(this.capsets > 0, this.parts.translated === true);
  }

  private get capsets(): number {
    return capsetsOf(this.parts).length;
  }

  protected override accepts(accepted: FeatureSet): boolean {
    return isAcceptable(accepted, this.features);
  }

  override readConfig(offset: number, into: Uint8Array): void {
    this.display.read(this.capsets, offset, into);
  }

  override writeConfig(offset: number, bytes: Uint8Array): void {
    this.display.write(offset, bytes);
  }

  /** The display prefers another mode: the driver is told (§5.7.4, `VIRTIO_GPU_EVENT_DISPLAY`). */
  resize(width: number, height: number): void {
    this.display.resize(width, height);
    this.configHasChanged();
  }

  /** Hands the display what was flushed, when `ScanoutSink.flushed` put it off. */
  async refresh(): Promise<void> {
    try {
      if (this.session !== undefined) {
        await presentDue(this.session);
      }
    } catch (error) {
      // What was to be shown is gone: the driver hears of it by its next command.
      if (!(error instanceof GpuError)) {
        throw error;
      }
    }
  }

  // ------------------------------------------------------------------------------ its life

  protected override start(): void {
    const { renderer, bytesOf, channels, onCursor, onScanout, beforeDisplayInfo } = this.parts;
    const { seed = 0, keepsPixels = false } = this.parts;
    const { memory, limits, display, driverFeatures: features } = this;
    this.session = new Session({
      ...{ renderer, bytesOf, channels, memory, limits, display, seed, features },
      atOnce: this.host.memory,
      ...{ onCursor, onScanout, beforeDisplayInfo, keepsPixels },
    });
    this.ring();
  }

  protected override end(): void {
    for (const queue of this.live.splice(0)) {
      this.retire(queue);
    }
    if (this.session !== undefined) {
      this.session.stopChannels();
      this.ended.push(this.session);
      this.session = undefined;
    }
    this.ring();
  }

  override enableQueue(index: number, first = 0): void {
    if (!this.queue(index).enabled) {
      this.nextIndexes[index] = first;
    }
    super.enableQueue(index, first);
  }

  protected override openQueue(index: number, setup: QueueSetup, first: number): void {
    const { host, driverFeatures } = this;
    const { trace, openSplit, openPacked } = this.parts;
    try {
      const { maxSize } = this.queue(index);
      const ring = openRing(
        { memory: host.memory, setup, maxSize, first, openSplit, openPacked },
        driverFeatures,
      );
      this.live.push(
        new LiveQueue(index, ring, {
          trace,
          notifyDriver: (queue) => host.notifyDriver(queue),
          onIdle: () => this.drained.wake(),
          onBroken: (queue, rule) => this.needsReset(queue, rule),
        }),
      );
      this.ring();
    } catch (error) {
      if (!(error instanceof RingError)) {
        throw error;
      }
      this.needsReset(index, error.message);
    }
  }

  protected override closeQueue(index: number): void {
    const at = this.live.findIndex((queue) => queue.index === index);
    if (at >= 0) {
      this.retire(...this.live.splice(at, 1));
    }
  }

  /**
   * Takes nothing more from a queue, waits until all that was taken is returned, and disables it:
   * the driver's resources stay as they are. Resolves to the available index from which
   * `enableQueue` may go on. What takes longer than `timeoutNs` is dropped, and would be taken again.
   * Of a device that needs a reset: where it stopped by itself.
   */
  async stopQueue(index: number, timeoutNs: number): Promise<number> {
    const queue = this.live.find((each) => each.index === index);
    if (queue === undefined) {
      const next = this.queue(index).enabled ? this.nextIndexes[index] : 0;
      this.disableQueue(index);
      return next;
    }
    queue.pause();
    await this.drained.until(() => queue.taken === 0 || !queue.isAlive, 'queue', timeoutNs);
    queue.publish();
    const next = queue.nextIndex;
    this.disableQueue(index);
    return next;
  }

  /** Nothing is taken from a queue any more, or returned to it. */
  private retire(...queues: LiveQueue[]): void {
    for (const queue of queues) {
      queue.isAlive = false;
      this.nextIndexes[queue.index] = queue.nextIndex;
      this.tally.descriptors += queue.descriptors;
      this.tally.suppressed += queue.suppressed;
    }
    this.fences.forget(({ isAlive }) => !isAlive);
    this.drained.wake();
  }

  /** Unplugs the device, for good: gives all back to the renderer, and waits for its tasks to end. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.writeStatus(0);
    this.fences.end();
    this.bell.wake();
    await this.tasks.end();
  }

  override writeStatus(status: number): void {
    if (!this.isStopping || status === 0) {
      super.writeStatus(status);
    }
  }

  get counts(): DeviceCounts {
    const { tally, live } = this;
    const { bytesFetched, bytesStored } = this.memory;
    const sum = (key: 'descriptors' | 'suppressed'): number =>
      live.reduce((total, queue) => total + queue[key], tally[key]);
    return {
      ...tally,
      commands: { ...tally.commands },
      descriptors: sum('descriptors'),
      suppressed: sum('suppressed'),
      bytesFetched,
      bytesStored,
    };
  }

  // ------------------------------------------------------------------------------ the queues

  override notify(index: number): void {
    this.tally.kicks++;
    if (this.live.some((queue) => queue.index === index)) {
      this.ring();
    }
  }

  private ring(): void {
    this.isRung = true;
    this.bell.wake();
  }

  /** The task that serves the queues. */
  private async serve(): Promise<void> {
    while (!this.isStopping) {
      await this.freeEnded();
      this.isRung = false;
      if (!(await this.visit())) {
        await this.idle();
      }
    }
    await this.freeEnded();
  }

  private async freeEnded(): Promise<void> {
    for (const session of this.ended.splice(0)) {
      await session.free(this.turns);
    }
  }

  /** Serves what is there, no queue more than its size at once. Whether there was anything. */
  private async visit(): Promise<boolean> {
    const { session, chain } = this;
    let found = false;
    for (const queue of [...this.live]) {
      queue.disableNotifications();
      for (let budget = queue.size; budget > 0 && queue.take(chain); budget--) {
        found = true;
        await this.server.serve(session!, queue, chain);
        if (this.turns?.isOver === true) {
          queue.publish();
          await this.turns.give();
        }
      }
      queue.publish();
    }
    return found;
  }

  private async idle(): Promise<void> {
    const { pollNs } = this.parts;
    if (pollNs !== undefined && this.live.length > 0) {
      const isOver = (): boolean => this.isStopping || this.ended.length > 0;
      await this.bell.until(isOver, 'time', pollNs);
      this.turns?.begin();
      return;
    }
    for (const queue of this.live) {
      if (!queue.enableNotifications()) {
        return;
      }
    }
    if (!this.isRung) {
      await this.bell.until(() => this.isRung || this.isStopping, 'queue');
      this.turns?.begin();
    }
  }
}
