/**
 * Pages of the host's RAM that hold what of a guest's commands was audited, for the GPU to read and
 * nobody to write. So many for each guest, and no more.
 */
import { PAGE_BYTES } from '@doorbell/abi';
import type { HostBell } from '../host-bell/host-bell.ts';
import { OutOfMemory } from '../page-allocator.ts';
import { cost } from '../profile.ts';

export interface SnapshotPage {
  /** In the host's memory. */
  readonly physical: number;
  /** As the GPU reads it. */
  readonly iova: number;
}

export interface SnapshotPoolState {
  readonly free: readonly SnapshotPage[];
  readonly used: number;
}

export class SnapshotPool {
  private readonly bell: HostBell;
  private readonly most: number;
  private free: SnapshotPage[] = [];
  private used = 0;

  constructor(bell: HostBell, most: number) {
    this.bell = bell;
    this.most = most;
  }

  /** Pages that hold commands now. */
  get pagesUsed(): number {
    return this.used;
  }

  /** A page with whatever it held; undefined: the guest may have no more, or the host has none. */
  take(): SnapshotPage | undefined {
    if (this.used >= this.most) {
      return undefined;
    }
    const page = this.free.pop() ?? this.newPage();
    this.used += page === undefined ? 0 : 1;
    return page;
  }

  /** Its place in the host's memory, and what it costs to copy there. */
  copyTo(at: number, from: Uint8Array): void {
    const { machine, memory } = this.bell.host;
    machine.counts.bytesCopied += from.length;
    machine.charge(cost['driver.copyByte'], from.length, 1);
    memory.bytes.set(from, at);
    memory.touched(at, from.length);
  }

  /** Bytes of the host's memory. */
  view(at: number, bytes: number): Uint8Array {
    return this.bell.host.memory.bytes.subarray(at, at + bytes);
  }

  word(at: number): number {
    return this.bell.host.memory.words[at >>> 2];
  }

  setWord(at: number, value: number): void {
    const { memory } = this.bell.host;
    memory.words[at >>> 2] = value;
    memory.touched(at, 4);
  }

  private newPage(): SnapshotPage | undefined {
    const { host, dma } = this.bell;
    try {
      const physical = host.pages.allocate(PAGE_BYTES);
      host.machine.charge(cost['driver.dmaMap']);
      return { physical, iova: dma.map(physical, PAGE_BYTES, 'to-device') };
    } catch (error) {
      if (error instanceof OutOfMemory) {
        return undefined;
      }
      throw error;
    }
  }

  /** The GPU has forgotten the translation that led to it. */
  give(page: SnapshotPage): void {
    this.used--;
    this.free.push(page);
  }

  /** Nothing is in use. */
  close(): void {
    const { host, dma } = this.bell;
    for (const { physical, iova } of this.free.splice(0)) {
      host.machine.charge(cost['driver.dmaMap']);
      dma.unmap(iova, PAGE_BYTES);
      host.pages.free(physical);
    }
  }

  save(): SnapshotPoolState {
    return { free: [...this.free], used: this.used };
  }

  load({ free, used }: SnapshotPoolState): void {
    this.free = [...free];
    this.used = used;
  }
}
