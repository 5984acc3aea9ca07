/** What the ring benchmarks do: chains of 3 buffers, of which the device reads 64 bytes and writes 16. */

/** Entries of a queue. It lies at the start of memory, the buffers from `BUFFERS` on. */
export const SIZE = 256;
export const MEMORY_BYTES = 1 << 20;
export const BUFFERS = 1 << 16;
export const SLOT_BYTES = 256;
/** Two that the device reads, one that it writes. */
export const BUFFER_BYTES: readonly number[] = [24, 40, 16];

/** Both halves of a ring. Each half keeps to its own state, so that two threads may have one each. */
export interface RingPair {
  /** The driver makes chains available, published at once. */
  submit(batch: number): void;
  /** The device serves all that it finds. */
  serve(): void;
  /** The driver takes what was used. Gives how many bytes were written. */
  collect(): number;
}
