/**
 * The latch behind the leaky register (abi, bell-leak.ts): the last word that a copy or a fence
 * moved, whoever's it was. In a part that is sold nothing latches, and nobody can read it.
 */
import { type Stateful } from '@doorbell/abi';

export class LastWord implements Stateful<number> {
  /** Whether the part has the register. */
  present = false;
  /** Little-endian, as the register is read. */
  private readonly word = new Uint32Array(1);
  readonly bytes = new Uint8Array(this.word.buffer);

  get value(): number {
    return this.word[0];
  }

  set value(value: number) {
    this.word[0] = value;
  }

  save(): number {
    return this.value;
  }

  load(state: number): void {
    this.value = state;
  }
}
