/**
 * What the part does by itself: its functions take turns, round-robin. A turn lasts the function's
 * quantum, unless no other wants one.
 */
import { type Arbiter, type Stateful, TOTAL_VFS } from '@doorbell/abi';
import type { PartFunction } from './part-function.ts';
import { ReadySet } from './ready-set.ts';

export interface FunctionTurnsState {
  /** The function whose turn it is, and since when. */
  readonly turn: number;
  readonly began: number;
  readonly awake: readonly number[];
}

/** Its tenants are the functions, by index. */
export class FunctionTurns implements Arbiter, Stateful<FunctionTurnsState> {
  private readonly functions: readonly PartFunction[];
  private readonly awake = new ReadySet(1 + TOTAL_VFS);
  private turn = 0;
  private began = 0;

  constructor(functions: readonly PartFunction[]) {
    this.functions = functions;
  }

  /** The part was divided anew: turns begin with the physical function. */
  restart(now: number): void {
    this.turn = 0;
    this.began = now;
  }

  join(): void {
    // They are there as long as the part is divided so.
  }
  leave(): void {
    // As above.
  }

  wake(tenant: number): void {
    this.awake.add(tenant);
  }

  sleep(tenant: number): void {
    this.awake.delete(tenant);
  }

  ran(): void {
    // A turn goes by the clock.
  }

  pick(now: number): number {
    const isOver = now - this.began >= this.functions[this.turn].share.quantumNs;
    const next = this.awake.from(this.turn + (isOver ? 1 : 0));
    if (next >= 0 && (next !== this.turn || isOver)) {
      this.turn = next;
      this.began = now;
    }
    return next;
  }

  askAt(): number {
    return Infinity;
  }

  save(): FunctionTurnsState {
    const awake = this.functions.map(({ index }) => index).filter((index) => this.awake.has(index));
    return { turn: this.turn, began: this.began, awake };
  }

  load({ turn, began, awake }: FunctionTurnsState): void {
    this.turn = turn;
    this.began = began;
    this.awake.clear();
    awake.forEach((index) => {
      this.awake.add(index);
    });
  }
}
