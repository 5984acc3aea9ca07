/**
 * The pages of the guest's RAM that entries of a shadow lead to. Each is pinned as long as the GPU
 * may have the entry: until it was told to forget what it has cached.
 */
import type { MediatedMemory } from './mediated-memory.ts';

/** Pages that wait for the GPU to forget them, at most. */
const MOST_RELEASED = 1024;

export interface LedToPagesState {
  readonly pinned: readonly (readonly [number, number])[];
  readonly released: readonly number[];
  readonly lessened: boolean;
}

export class LedToPages {
  private readonly memory: MediatedMemory;
  private readonly invalidate: () => void;
  /** Guest-physical address that a GPU virtual page leads to. */
  private readonly pinned: Map<number, number>;
  /** Guest-physical addresses to unpin when the GPU has forgotten them. */
  private readonly released: number[];
  private lessened: boolean;

  /** @param invalidate  makes the GPU forget what it has cached. */
  constructor(memory: MediatedMemory, invalidate: () => void, state?: LedToPagesState) {
    this.memory = memory;
    this.invalidate = invalidate;
    this.pinned = new Map(state?.pinned);
    this.released = [...(state?.released ?? [])];
    this.lessened = state?.lessened ?? false;
  }

  /** Where the GPU finds the guest's page; undefined when there is none that it could reach. */
  pin(page: number, address: number): ReturnType<MediatedMemory['pin']> {
    const pinned = this.memory.pin(address);
    if (pinned !== undefined) {
      this.pinned.set(page, address);
    }
    return pinned;
  }

  at(page: number): ReturnType<MediatedMemory['at']> {
    const address = this.pinned.get(page);
    return address === undefined ? undefined : this.memory.at(address);
  }

  /** GPU virtual pages that lead to a part of the guest's RAM. */
  within(address: number, bytes: number): readonly number[] {
    return [...this.pinned]
      .filter(([, at]) => at >= address && at < address + bytes)
      .map(([page]) => page);
  }

  /** Its entry no longer leads there. */
  release(page: number): void {
    const address = this.pinned.get(page);
    if (address !== undefined) {
      this.pinned.delete(page);
      this.released.push(address);
    }
  }

  releaseAll(): void {
    for (const page of [...this.pinned.keys()]) {
      this.release(page);
    }
  }

  /** An entry that the GPU may have cached says less than it did. */
  lessen(): void {
    this.lessened = true;
  }

  /** So many wait that it is time to settle. */
  get isFull(): boolean {
    return this.released.length > MOST_RELEASED;
  }

  /** The GPU forgets what has changed; then what led to RAM is unpinned. */
  settle(): void {
    if (this.lessened) {
      this.lessened = false;
      this.invalidate();
    }
    for (const address of this.released.splice(0)) {
      this.memory.unpin(address);
    }
  }

  save(): LedToPagesState {
    const { pinned, released, lessened } = this;
    return { pinned: [...pinned], released: [...released], lessened };
  }
}
