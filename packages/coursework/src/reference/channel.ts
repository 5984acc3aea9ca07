/** Who drives a channel of bell, as a part: with the ring and the fences of this project's own driver. */
import { channelRegisters, GpuError, header, ringPackets, type WaitQueue } from '@doorbell/abi';
import { hasPassed, Ring } from '@doorbell/guest-driver/bell';
import type { ChannelDriver, ChannelPlace } from '../channel/channel-driver.ts';
import type { ChannelPart } from '../part.ts';

const { FENCE } = ringPackets;
const FENCE_WORDS = FENCE.fields.length + 1;
const { FAULT, HANG } = channelRegisters.rows.INTERRUPT.bits;

interface Submission {
  readonly fence: number;
  /** The caller's packets, and a FENCE behind them. */
  readonly bytes: Uint8Array;
  /** Where in the ring its FENCE begins: up to there the ring is free once it has passed. */
  fenceAt: number;
}

class RingDriver implements ChannelDriver {
  private readonly place: ChannelPlace;
  private readonly ring: Ring;
  private readonly changed: WaitQueue;
  private nextFence: number;
  /** What was asked for and has not passed, oldest first; the first so many of it are in the ring. */
  private pending: Submission[] = [];
  private placed = 0;
  /** Fences whose packets were lost to a fault. */
  private readonly lost = new Set<number>();
  /** Causes that the handler saw and nobody has served. */
  private causes = 0;

  constructor(place: ChannelPlace) {
    const { memory, ring, clock, firstFence } = place;
    this.place = place;
    this.ring = new Ring(memory, ring);
    this.changed = clock.waitQueue();
    this.nextFence = firstFence;
  }

  async submit(packets: Uint32Array): Promise<number> {
    if (packets.byteLength > this.place.ring.bytes / 2) {
      throw new RangeError(`The ring takes ${this.place.ring.bytes / 2} bytes at once.`);
    }
    const fence = this.nextFence;
    this.nextFence = (fence + 1) >>> 0;
    const words = new Uint32Array(packets.length + FENCE_WORDS);
    words.set(packets);
    words.set([header(FENCE.opcode, FENCE_WORDS), fence, 1], packets.length);
    const submission = { fence, bytes: new Uint8Array(words.buffer), fenceAt: -1 };
    this.pending.push(submission);
    await this.until(() => submission.fenceAt >= 0 || !this.pending.includes(submission), 'queue');
    return fence;
  }

  async wait(fence: number): Promise<void> {
    await this.until(() => !this.pending.some((each) => each.fence === fence), 'dependency');
    if (this.lost.has(fence)) {
      throw new GpuError('fault', `The packets of fence ${fence} were lost to a fault.`);
    }
  }

  interrupt(): void {
    const causes = this.place.registers.INTERRUPT.read();
    if (causes !== 0) {
      // Before anyone looks at the fence: one that is written after the look interrupts anew.
      this.place.registers.INTERRUPT.write(causes);
      this.causes |= causes;
      this.changed.wake();
    }
  }

  private async until(condition: () => boolean, reason: 'queue' | 'dependency'): Promise<void> {
    await this.changed.until(() => {
      this.service();
      return condition();
    }, reason);
  }

  /** Ends what has passed, recovers from a fault, and gives the device what there is room for. */
  private service(): void {
    const { causes } = this;
    this.causes = 0;
    this.endPassed();
    if ((causes & (FAULT.mask | HANG.mask)) !== 0) {
      this.recover();
    }
    for (let more = true; more;) {
      more = this.placeNext();
    }
    const tail = this.ring.publish();
    if (tail !== undefined) {
      this.place.doorbell.TAIL.write(tail);
    }
  }

  private endPassed(): void {
    const word = this.place.memory.load32(this.place.fence);
    while (this.placed > 0 && hasPassed(word, this.pending[0].fence)) {
      this.ring.release(this.pending[0].fenceAt);
      this.end();
    }
  }

  /** What the channel ran is lost; what stood behind it in the ring is placed anew. */
  private recover(): void {
    if (this.placed > 0) {
      this.lost.add(this.pending[0].fence);
      this.end();
    }
    this.place.restart();
    this.ring.reset();
    this.placed = 0;
  }

  private end(): void {
    this.pending.shift();
    this.placed--;
    this.changed.wake();
  }

  private placeNext(): boolean {
    const next = this.pending.at(this.placed);
    const at = next === undefined ? -1 : this.ring.place(next.bytes);
    if (next === undefined || at < 0) {
      return false;
    }
    next.fenceAt = at + next.bytes.length - FENCE_WORDS * 4;
    this.placed++;
    return true;
  }
}

export const channel: ChannelPart = {
  kind: 'channel',
  name: 'bell',
  open: (place) => new RingDriver(place),
};
