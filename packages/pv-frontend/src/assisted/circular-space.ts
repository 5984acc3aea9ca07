/**
 * Room in a circle of bytes: reserved in order, given back in order, never split at the end. Head
 * and tail are equal when it is empty, so it is never filled to the last byte.
 */
export class CircularSpace {
  /** Past the newest reservation: give it to `release` when that one is no longer needed. */
  end = 0;
  private readonly size: number;
  /** Where the oldest reservation begins. */
  private head = 0;

  constructor(size: number) {
    this.size = size;
  }

  /** The start of `bytes` bytes in a row, or -1 while there is no room. */
  reserve(bytes: number): number {
    const { head, end, size } = this;
    if (end < head) {
      return end + bytes < head ? this.take(end, bytes) : -1;
    }
    const fits = end + bytes < size || (end + bytes === size && head > 0);
    if (fits) {
      return this.take(end, bytes);
    }
    // What is left at the end is too short: it is skipped.
    return bytes < head ? this.take(0, bytes) : -1;
  }

  private take(start: number, bytes: number): number {
    this.end = (start + bytes) % this.size;
    return start;
  }

  /** Everything before `end` is free again. */
  release(end: number): void {
    this.head = end;
  }

  reset(): void {
    this.head = 0;
    this.end = 0;
  }
}
