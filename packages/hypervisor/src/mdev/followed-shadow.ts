/** The shadow of a channel's page tables, with the policy that says when it follows the guest's. */
import { PAGE_BYTES, type Stateful } from '@doorbell/abi';
import type { MediationKind, MediationPolicy, ShadowPlace } from './mediation-policy.ts';
import { ShadowTable, type ShadowParts, type ShadowState } from './shadow-table.ts';

export interface FollowedShadowParts {
  readonly shadow: ShadowParts;
  readonly kind: MediationKind;
  /** Whether the channel has work. */
  readonly isRunning: () => boolean;
  /** Other pages of VRAM hold page tables now. */
  readonly tablesChanged: () => void;
}

export interface FollowedShadowState {
  readonly table: ShadowState;
  /** As its policy has it. */
  readonly policy: unknown;
}

export class FollowedShadow implements Pick<Stateful<FollowedShadowState>, 'save'> {
  readonly table: ShadowTable;
  private readonly policy: MediationPolicy;
  private readonly tablesChanged: () => void;
  /** Whether the guest's tables may be in other pages than when the mediator last looked. */
  private hasMoved = false;
  /** A policy that keeps its place for longer has nothing to say any more. */
  private isOver = false;

  /** With this root, and nothing mapped yet; or as it was when `state` was saved. @throws GpuError `out-of-memory` */
  constructor(parts: FollowedShadowParts, guestRoot: number, state?: FollowedShadowState) {
    this.table = new ShadowTable(parts.shadow, guestRoot, state?.table);
    this.tablesChanged = parts.tablesChanged;
    this.policy = parts.kind.open(this.place(parts.isRunning));
    if (state !== undefined) {
      this.policy.load(state.policy);
    }
  }

  static load(parts: FollowedShadowParts, state: FollowedShadowState): FollowedShadow {
    return new FollowedShadow(parts, state.table.root, state);
  }

  private place(isRunning: () => boolean): ShadowPlace {
    return {
      get isRunning(): boolean {
        return isRunning();
      },
      sync: () => {
        if (!this.isOver) {
          this.hasMoved = true;
          this.table.sync();
        }
      },
      follow: (page, offset) => {
        if (!Number.isInteger(offset) || offset < 0 || offset >= PAGE_BYTES) {
          throw new RangeError(`A page has no byte ${offset}.`);
        }
        if (!this.isOver) {
          this.hasMoved = this.table.written(page, offset) || this.hasMoved;
        }
      },
      settle: () => {
        if (!this.isOver) {
          this.table.settle();
        }
      },
    };
  }

  /** The channel is turned on. @param use  has the GPU walk the shadow, from this root. */
  turnedOn(use: (root: number) => void): void {
    this.policy.turnedOn();
    this.hasMoved = false;
    use(this.table.root);
    this.tablesChanged();
  }

  /** Something happened to the channel. */
  tell(event: (policy: MediationPolicy) => void): void {
    event(this.policy);
    if (this.hasMoved) {
      this.hasMoved = false;
      this.tablesChanged();
    }
  }

  /** The channel is reset. */
  destroy(): void {
    this.isOver = true;
    this.table.destroy();
  }

  save(): FollowedShadowState {
    return { table: this.table.save(), policy: this.policy.save() };
  }
}
