/**
 * What a guest's IOMMU maps for an assigned device, brought into the physical one: QEMU walks the
 * guest's tables when the guest invalidates, compares with what it did before (its iova_tree), and
 * has VFIO map and unmap the difference. Only what the guest maps is pinned.
 */
import type { MemoryBacking, Stateful } from '@doorbell/abi';
import type { Charge } from './dma-api.ts';
import { VfioError } from './errno.ts';
import { type IoLeaf, IoLeaves, type TableRoot } from './io-leaves.ts';
import { RangeList } from './range-list.ts';
import type { VfioContainer } from './vfio-container.ts';

export interface IovaShadowParts {
  /** The guest's RAM. */
  readonly memory: MemoryBacking;
  /** The guest's table, in it. */
  readonly table: TableRoot;
  /** Of the guest as a process, whose addresses are the guest-physical ones. */
  readonly container: VfioContainer;
  readonly charge: Charge;
}

export type IovaShadowState = readonly IoLeaf[];

export class IovaShadow implements Stateful<IovaShadowState> {
  private readonly parts: IovaShadowParts;
  private readonly known = new RangeList<IoLeaf>();

  constructor(parts: IovaShadowParts) {
    this.parts = parts;
  }

  /** Makes what VFIO has mapped in a range what the guest's table says. */
  sync(iova: number, bytes: number): void {
    const { memory, table, charge } = this.parts;
    // What lies across an edge is compared as a whole.
    const from = this.known.at(iova)?.iova ?? iova;
    const last = this.known.at(iova + bytes - 1);
    const to = last === undefined ? iova + bytes : last.iova + last.bytes;
    const { leaves, entriesRead } = new IoLeaves(memory, table, from, to);
    charge('viommu.entry', entriesRead);
    const wanted = new Map(leaves.map((leaf) => [leaf.iova, leaf]));
    for (const old of this.known.startingIn(from, to - from)) {
      if (!isSame(old, wanted.get(old.iova))) {
        this.unmap(old);
      }
    }
    for (const leaf of leaves) {
      if (this.known.at(leaf.iova) === undefined && !this.map(leaf)) {
        return;
      }
    }
  }

  save(): IovaShadowState {
    return [...this.known.all()];
  }

  /** Memory holds the physical tables, and is loaded first. */
  load(state: IovaShadowState): void {
    this.known.takeStartingIn(0, Infinity);
    state.forEach((leaf) => {
      this.known.add(leaf);
    });
    this.parts.container.adopt(
      state.map(({ iova, bytes, address, access }) => ({ iova, bytes, access, vaddr: address })),
    );
  }

  /**
   * What VFIO refuses is left out: the guest maps what it has not, and its device will fault there.
   * False: a limit is reached, and there is no use in trying the next.
   */
  private map(leaf: IoLeaf): boolean {
    const { container, charge } = this.parts;
    charge('viommu.call', 1);
    try {
      container.map(leaf.address, leaf.iova, leaf.bytes, leaf.access);
    } catch (error) {
      if (error instanceof VfioError) {
        return error.errno !== 'ENOMEM' && error.errno !== 'ENOSPC';
      }
      throw error;
    }
    this.known.add(leaf);
    return true;
  }

  private unmap(old: IoLeaf): void {
    const { container, charge } = this.parts;
    const { iova, bytes } = old;
    charge('viommu.call', 1);
    // Time has passed: the timer of the guest's flush queue may have had it done.
    if (this.known.at(iova) === old) {
      this.known.takeStartingIn(iova, bytes);
      container.unmap(iova, bytes);
    }
  }
}

function isSame(one: IoLeaf, other: IoLeaf | undefined): boolean {
  return (
    one.bytes === other?.bytes &&
    one.address === other.address &&
    one.access.read === other.access.read &&
    one.access.write === other.access.write
  );
}
