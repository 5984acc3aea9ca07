/**
 * The trace of a virtio-gpu that somebody else's driver drives: which kick made it take which
 * command, what it moved for it, what it answered, and whether that interrupted the driver. Each
 * command is a request of its own.
 */
import {
  type DeviceMemory,
  type EventId,
  type EventKind,
  gpuResponses,
  type GpuResponseName,
  type RequestId,
  type Trace,
} from '@doorbell/abi';
import { type CommandFollower, commandText } from '@doorbell/pv-backend';
import { FollowedMemory } from './followed-memory.ts';
import type { PeerRecorder } from './peer-recorder.ts';
import type { ReadGuest, RingPlace } from './ring-recorder.ts';

/** A command that was taken and not returned. */
interface Served {
  readonly request: RequestId;
  /** The event `command`; before it, the kick. */
  cause: EventId;
}

const nothing: Served = { request: 0, cause: 0 };

export class CommandTrace implements Trace, CommandFollower {
  private readonly recorder: PeerRecorder;
  /** By queue: the last kick; what the device returned last. */
  private readonly kicks: EventId[] = [];
  private readonly returned: Served[] = [];
  /** By queue and chain. */
  private readonly open = new Map<string, Served>();
  /** What the device does now, it does for this one. */
  private current = nothing;
  /** What is returned next. */
  private answer = nothing;
  private text = '';
  private response = 0;
  private lastFailure: EventId = 0;

  constructor(recorder: PeerRecorder) {
    this.recorder = recorder;
  }

  /** The same memory, and a record of what the device moves. What it loads and stores of rings is not recorded. */
  follow(memory: DeviceMemory): DeviceMemory {
    return new FollowedMemory(memory, () => {
      const { current } = this;
      return (kind, address, bytes) => {
        this.record(current, kind, address, bytes);
      };
    });
  }

  /** @param ring  where the queue lies; undefined: it is not set up. */
  kicked(queue: number, ring: RingPlace | undefined, read: ReadGuest): void {
    const kick = this.record(nothing, 'kick', queue, 0);
    this.kicks[queue] = kick;
    if (ring !== undefined) {
      this.recorder.rings.kicked(kick, queue, ring, read);
    }
  }

  /** The driver is told of what was returned. */
  called(queue: number): void {
    this.record(this.returned[queue] ?? nothing, 'queueInterrupt', queue, 0);
  }

  /** Why the device needs a reset. */
  gaveUp(reason: string): void {
    this.recorder.say(this.lastFailure, reason);
    this.lastFailure = 0;
  }

  // ------------------------------------------------------------------------------ CommandFollower

  taken(queue: number, chain: number): void {
    this.current = { request: this.recorder.newRequest(), cause: this.kicks[queue] ?? 0 };
    this.open.set(`${queue} ${chain}`, this.current);
  }

  sent(bytes: Uint8Array): void {
    this.text = commandText(bytes);
  }

  /** A fenced command may be answered while another is served. */
  answering<T>(queue: number, chain: number, store: () => T): T {
    const { current } = this;
    this.current = this.open.get(`${queue} ${chain}`) ?? nothing;
    try {
      return store();
    } finally {
      this.current = current;
    }
  }

  answered(queue: number, chain: number, response: GpuResponseName): void {
    const key = `${queue} ${chain}`;
    this.answer = this.open.get(key) ?? nothing;
    this.open.delete(key);
    this.response = gpuResponses[response];
  }

  // ------------------------------------------------------------------------------ Trace

  event(kind: EventKind, a: number, b: number, c = 0): EventId {
    const { current, recorder, answer } = this;
    if (kind === 'used') {
      const id = this.record(answer, kind, a, b, this.response);
      this.returned[a] = { request: answer.request, cause: id };
      return id;
    }
    const id = this.record(current, kind, a, b, c);
    if (kind === 'command') {
      recorder.say(id, this.text);
      current.cause = id;
    } else if (kind === 'needsReset') {
      this.lastFailure = id;
    }
    return id;
  }

  private record(served: Served, kind: EventKind, a: number, b: number, c = 0): EventId {
    this.recorder.serves(served.request, served.cause);
    return this.recorder.event(kind, a, b, c);
  }
}
