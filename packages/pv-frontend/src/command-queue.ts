/**
 * Commands on their way through one virtqueue, in order. What has no room in the ring yet waits
 * here; what was used by the device ends here. Nothing of this waits: whoever does calls `service`.
 */
import { Chain, GpuError, RingError, type VirtioTransport } from '@doorbell/abi';
import { type Placed, Placement } from './placement.ts';
import type { Request } from './requests.ts';
import { errorOf } from './response.ts';
import type { DriverQueue } from './ring/driver-queue.ts';

/**
 * What the turn of a command brings: its bytes; `later`: something under way must end first;
 * `nothing`: it is over without the device.
 */
export type Made = Request | 'later' | 'nothing';

export interface Command {
  /** When its turn comes. @throws GpuError that it ends with. */
  make(): Made;
  /** The device was given it. */
  begun(): void;
  /** The device was never given it: it ends with this error. `begun` and `done` follow. */
  refused?(error: GpuError): void;
  /** With the response, or none when there was an error, or nothing to do. */
  done(response: Uint8Array | undefined, error: GpuError | undefined): void;
}

/** A command that the device has. */
interface UnderWay {
  readonly command: Command;
  readonly request: Request;
  readonly placed: Placed;
  readonly fence: number;
}

export class CommandQueue {
  readonly ring: DriverQueue;
  /** Set once: what the device did against the rules. The queue stands still from then on. */
  broken: GpuError | undefined;
  /** Notifications that were sent. */
  kicks = 0;
  /** Commands that have ended. */
  ended = 0;

  private readonly number: number;
  private readonly transport: VirtioTransport;
  private readonly placement: Placement;
  private readonly batch: number;
  private readonly chain: Chain;

  private waiting: Command[] = [];
  /** What the head of `waiting` made, while there is no room for it. */
  private made: Request | undefined;
  /** By the chain's id. */
  private readonly underWay: (UnderWay | undefined)[] = [];
  /** Commands that the device has, and how many of them it has not been told of. */
  inFlight = 0;
  private unpublished = 0;
  private lastFence = 0;
  /** Keeps an end that enqueues more from pumping again inside of `pump`. */
  private pumping = false;

  constructor(
    number: number,
    transport: VirtioTransport,
    ring: DriverQueue,
    placement: Placement,
    batch: number,
  ) {
    this.number = number;
    this.transport = transport;
    this.ring = ring;
    this.placement = placement;
    this.batch = batch;
    this.chain = new Chain(ring.size);
  }

  enqueue(command: Command): void {
    this.waiting.push(command);
    this.pump();
  }

  get idle(): boolean {
    return this.inFlight === 0 && this.waiting.length === 0;
  }

  /** Ends what the device is done with, and gives it what there is room for now. */
  service(): void {
    this.guarded(() => {
      for (let id = this.ring.take(); id >= 0; id = this.ring.take()) {
        this.end(id);
      }
    });
    this.pump();
  }

  /** Publishes what was collected, with one notification at most (§2.9). */
  flush(): void {
    if (this.unpublished > 0) {
      this.guarded(() => {
        this.unpublished = 0;
        if (this.ring.publish()) {
          this.kicks++;
          this.transport.notify(this.number);
        }
      });
    }
  }

  /** Asks to be notified. False: there is something to take already. */
  enableNotifications(): boolean {
    let enabled = true;
    this.guarded(() => {
      enabled = this.ring.enableNotifications();
    });
    return enabled;
  }

  disableNotifications(): void {
    this.guarded(() => {
      this.ring.disableNotifications();
    });
  }

  /** Gives back what commands hold. The device was reset; no command of it ends any more. */
  release(): void {
    this.broken ??= new GpuError('lost', 'virtio-gpu: the device was reset.');
    for (const entry of this.underWay.splice(0)) {
      if (entry !== undefined) {
        this.placement.give(entry.placed);
      }
    }
    this.waiting = [];
    this.inFlight = 0;
  }

  // ------------------------------------------------------------------------------ to the device

  private pump(): void {
    if (this.pumping) {
      return;
    }
    this.pumping = true;
    try {
      this.guarded(() => {
        let more;
        do {
          more = this.beginNext();
        } while (more);
      });
    } finally {
      this.pumping = false;
    }
    if (this.waiting.length > 0) {
      this.flush(); // what waits can only go on when something under way ends
    }
  }

  /** False: there is nothing to begin, or it has to wait. */
  private beginNext(): boolean {
    const command = this.waiting.at(0);
    if (command === undefined) {
      return false;
    }
    const made = this.made ?? this.makeOf(command);
    if (made === 'later') {
      return false;
    }
    if (made === 'nothing' || made instanceof GpuError) {
      this.skip(command, made instanceof GpuError ? made : undefined);
      return true;
    }
    this.made = made;
    return this.give(command, made);
  }

  /** The head of `waiting` is over, and the device was not given it. */
  private skip(command: Command, error: GpuError | undefined): void {
    this.made = undefined;
    this.waiting.shift();
    if (error !== undefined) {
      command.refused?.(error);
    }
    command.begun();
    command.done(undefined, error);
  }

  private makeOf(command: Command): Made | GpuError {
    return orGpuError(() => command.make());
  }

  /** Puts a command into the ring, or ends it with an error. False while there is no room. */
  private give(command: Command, request: Request): boolean {
    const fence = request.fenced ? this.lastFence + 1 : 0;
    const last = this.inFlight === 0;
    const placed = orGpuError(() => this.placement.place(request, fence, this.chain, last));
    if (placed instanceof GpuError) {
      this.skip(command, placed);
      return true;
    }
    if (placed === undefined) {
      return false;
    }
    const id = this.ring.add(this.chain);
    if (id < 0) {
      this.placement.give(placed);
      return false;
    }
    this.lastFence = Math.max(this.lastFence, fence);
    this.made = undefined;
    this.waiting.shift();
    this.underWay[id] = { command, request, placed, fence };
    this.inFlight++;
    if (++this.unpublished >= this.batch) {
      this.flush();
    }
    command.begun();
    return true;
  }

  // ------------------------------------------------------------------------------ and back

  /** The ring has checked that the device was given `id`, and could write so much. */
  private end(id: number): void {
    const { command, request, placed, fence } = this.underWay[id]!;
    this.underWay[id] = undefined;
    this.inFlight--;
    this.ended++;
    const response = this.placement.response(placed, this.ring.usedLength);
    this.placement.give(placed);
    const error = errorOf(request, response, fence);
    command.done(error === undefined ? response : undefined, error);
  }

  /** Does nothing more once the device broke a rule; notes it when it does. */
  private guarded(work: () => void): void {
    if (this.broken !== undefined) {
      return;
    }
    try {
      work();
    } catch (error) {
      this.broken = breach(error);
    }
  }
}

/** An error that a command ends with is a result: it is nobody else's. */
function orGpuError<T>(make: () => T): T | GpuError {
  try {
    return make();
  } catch (error) {
    if (error instanceof GpuError) {
      return error;
    }
    throw error;
  }
}

/** @throws the error itself when it is not about the device. */
function breach(error: unknown): GpuError {
  if (error instanceof RingError) {
    return new GpuError('lost', `virtio-gpu: the device broke its queue: ${error.message}`);
  }
  if (error instanceof GpuError && error.code === 'lost') {
    return error;
  }
  throw error;
}
