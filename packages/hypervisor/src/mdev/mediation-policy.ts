/**
 * How a guest's bell is mediated: which of its accesses trap, which registers are those of the
 * physical channel, and at which events the shadow page tables follow the guest's own.
 *
 * A policy decides when the shadow follows, not what stands in it. What the guest may reach at all,
 * what is pinned, and which commands run is not its to decide: with a bad policy a guest draws
 * wrong pixels, reaches its own memory for too long, or is stuck; and nobody else notices.
 *
 * The datasheet (docs/reference/bell.md, Page tables) lets a GPU keep translations until
 * TLB_INVALIDATE names their channel, and look at an entry that was not valid at every use. So a
 * policy keeps it when a change of the guest's tables has its effect at a flush of a channel that
 * runs, and at a submission to one that does not.
 */
import type { RegisterRow, Stateful } from '@doorbell/abi';

/** The shadow of the page tables of one channel, which follows when it is told to. */
export interface ShadowPlace {
  /** Whether an engine may be using translations: the channel has work. An access to the GPU. */
  readonly isRunning: boolean;
  /** Reads all of the guest's tables, and follows them. The GPU forgets what is others now. */
  sync(): void;
  /**
   * Follows the entry that a store to a page of VRAM has changed, at that offset in bytes. An entry
   * that says less than before stays with the GPU until `settle`.
   */
  follow(page: number, offset: number): void;
  /** The GPU forgets what has changed; memory that nothing leads to any more is unpinned. */
  settle(): void;
}

/** For one channel, from when it is turned on with a root until it is reset. */
export interface MediationPolicy extends Stateful<unknown> {
  /** Its root is named, and nothing is mapped in the shadow yet. */
  turnedOn(): void;
  /** A store of the guest's to a page that holds its tables has trapped, and is done. */
  stored(page: number, offset: number): void;
  /** The guest has written TLB_INVALIDATE, and its channel is meant. */
  flushed(): void;
  /** It has rung the doorbell for new packets. They are read through the shadow when this returns, and then they run. */
  submitted(): void;
}

export interface MediationKind {
  readonly name: string;
  /**
   * Which accesses to VRAM are exits: none; stores to pages that hold page tables; all. Where
   * nothing traps `stored` is never called. The option bar-remap=off has all of them trap.
   */
  readonly traps: 'nothing' | 'tables' | 'everything';
  /**
   * Whether a register of a channel is that of its physical channel; else the guest has one of its
   * own, that does nothing. A sensitive one (its row says so) has to be emulated, and is, whatever
   * this answers.
   */
  passes(row: RegisterRow): boolean;
  open(shadow: ShadowPlace): MediationPolicy;
}
