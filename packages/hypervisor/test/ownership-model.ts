/**
 * Who may own what, for the test of random operations: a plain account of what was granted, from
 * which follows where each function's DMA may go. It knows nothing of how VFIO keeps its own.
 */
import type { Bdf } from '@doorbell/abi';
import { KERNEL_IOVA } from './fake-bus.ts';

/** What a container or an IOAS maps: by IOVA, a page of its user. */
export interface Space {
  readonly user: number;
  readonly pages: Map<number, number>;
  /** Devices reach it, so that its pages are locked. */
  isLive: boolean;
}

export interface Owned {
  readonly functions: readonly Bdf[];
  /** By the group's file. */
  container: Space | undefined;
  groupOpen: boolean;
  openDevices: number;
  /** By the devices' own files: who has each bound. */
  readonly bound: Map<Bdf, number>;
  readonly attached: Set<Bdf>;
  table: Space | undefined;
}

export class OwnershipModel {
  readonly groups: readonly Owned[];
  readonly drivers = new Map<Bdf, string>();
  readonly spaces = new Set<Space>();

  constructor(groups: readonly (readonly Bdf[])[]) {
    this.groups = groups.map((functions) => ({
      functions,
      container: undefined,
      groupOpen: false,
      openDevices: 0,
      bound: new Map(),
      attached: new Set(),
      table: undefined,
    }));
  }

  groupOf(at: Bdf): Owned {
    return this.groups.find(({ functions }) => functions.includes(at))!;
  }

  space(user: number): Space {
    const space = { user, pages: new Map<number, number>(), isLive: false };
    this.spaces.add(space);
    return space;
  }

  /** Users that own a group: there may be one at most. */
  owners(group: Owned): readonly number[] {
    const all = [...group.bound.values(), ...(group.container ? [group.container.user] : [])];
    return [...new Set(all)];
  }

  /** The group has neither file nor device open any more, or was taken out. */
  leaveContainer(group: Owned): void {
    const { container } = group;
    group.container = undefined;
    if (container !== undefined && !this.groups.some((each) => each.container === container)) {
      container.pages.clear();
      container.isLive = false;
    }
  }

  detach(group: Owned, at: Bdf): void {
    group.attached.delete(at);
    if (group.attached.size === 0) {
      this.setTable(group, undefined);
    }
  }

  setTable(group: Owned, table: Space | undefined): void {
    const old = group.table;
    group.table = table;
    for (const space of [old, table]) {
      if (space !== undefined) {
        space.isLive = this.groups.some((each) => each.table === space);
      }
    }
  }

  /** The page that a function's DMA reaches: its owner's, the kernel's, or none. */
  target(
    at: Bdf,
    iova: number,
  ): { readonly user: number; readonly page: number } | 'kernel' | undefined {
    const group = this.groupOf(at);
    if (this.owners(group).length === 0) {
      return iova === KERNEL_IOVA ? 'kernel' : undefined;
    }
    const space = group.container ?? group.table;
    const page = space?.isLive === true ? space.pages.get(iova) : undefined;
    return page === undefined ? undefined : { user: space!.user, page };
  }

  /** Pages that a user has locked. */
  locked(user: number): number {
    let pages = 0;
    for (const space of this.spaces) {
      pages += space.user === user && space.isLive ? space.pages.size : 0;
    }
    return pages;
  }
}
