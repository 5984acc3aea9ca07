/** What the audit of a channel's commands reads: words of the guest's, held so that they stay as read. */
import { gpuVa, PAGE_BYTES } from '@doorbell/abi';
import type { AuditedMemory, Word } from './command-audit.ts';
import type { GuestRing } from './guest-ring.ts';
import type { ShadowTable } from './shadow-table.ts';
import type { Snapshots } from './snapshots.ts';

/** The channel's own, as they are now. */
interface Channel {
  readonly ring: () => GuestRing;
  readonly shadow: () => ShadowTable | undefined;
}

export class HeldMemory implements AuditedMemory {
  private readonly snapshots: Snapshots;
  private readonly channel: Channel;
  /** Of the buffer that is read: the words that are held, and until which position of the ring. */
  private buffer: { from: number; to: number; until: number } | undefined;

  constructor(snapshots: Snapshots, channel: Channel) {
    this.snapshots = snapshots;
    this.channel = channel;
  }

  enter(end: number): void {
    this.buffer = { from: 0, to: 0, until: this.channel.ring().positionOf(end) };
  }

  leave(): void {
    this.buffer = undefined;
  }

  read(va: number, limit: number): Word {
    const { buffer } = this;
    const shadow = this.channel.shadow();
    if (buffer !== undefined && shadow !== undefined && (va < buffer.from || va >= buffer.to)) {
      if (va >= 2 ** gpuVa.bits) {
        return 'absent';
      }
      const end = Math.min(limit, va - (va % PAGE_BYTES) + PAGE_BYTES);
      if (!this.snapshots.hold(shadow, va, end, buffer.until)) {
        return 'refused';
      }
      buffer.from = va;
      buffer.to = end;
    }
    return this.snapshots.word(va) ?? 'absent';
  }

  patch(va: number, value: number): void {
    this.snapshots.setWord(va, value);
  }

  uses(page: number, writes: boolean): boolean {
    this.snapshots.want(page);
    return this.channel.shadow()?.allows(page, writes) === true;
  }
}
