/** What page tables can be walked in a saved state, and the walk that is asked for. */
import type { Bdf } from '@doorbell/abi';
import type { StackState } from '../../stacks/stack.ts';
import { functionsOf, hostOf, partOf } from './saved.ts';
import { ringsOf } from './ring.ts';
import { walkGpu, walkIommu, type PageWalk } from './walks.ts';

export type WalkQuery =
  | {
      readonly kind: 'gpu';
      /** Whose function: -1 is the host. */
      readonly guest: number;
      readonly bdf: Bdf;
      readonly channel: number;
      readonly address: number;
    }
  | { readonly kind: 'iommu'; readonly requester: Bdf; readonly address: number };

/** A channel that is on, with an address that its tables are to map: its ring's. */
export interface WalkableChannel {
  readonly guest: number;
  readonly bdf: Bdf;
  readonly channel: number;
  /** Whom it is on the bus: the part's own function, or a virtual one that has the channel. */
  readonly requester: Bdf;
  /** GPU virtual addresses. */
  readonly ring: number;
  /** Where it reads next. */
  readonly head: number;
}

export interface Walkable {
  readonly channels: readonly WalkableChannel[];
  /** Functions of the host. */
  readonly requesters: readonly Bdf[];
  /** Whether the host's IOMMU is on. */
  readonly iommu: boolean;
}

export function walkableOf(state: StackState): Walkable {
  return {
    channels: ringsOf(state).map(({ guest, bdf, requester, channel, base, head, size }) => ({
      ...{ guest, bdf, requester, channel },
      ...{ ring: base, head: size === 0 ? base : base + (head % size) },
    })),
    requesters: functionsOf(state)
      .filter(({ guest, kind }) => guest < 0 && kind !== 'bridge')
      .map(({ bdf }) => bdf),
    iommu: hostOf(state).iommu.enabled,
  };
}

/** Undefined: there is no such function, or it has no such channel. */
export function walkOf(state: StackState, query: WalkQuery): PageWalk | undefined {
  if (query.kind === 'iommu') {
    return walkIommu(hostOf(state), query.requester, query.address);
  }
  const { guest, bdf, channel, address } = query;
  const part = functionsOf(state)
    .filter((each) => each.guest === guest && each.bdf === bdf)
    .map(partOf)
    .find((each) => each !== undefined);
  return part?.channels[channel] === undefined ? undefined : walkGpu(part, channel, address);
}
