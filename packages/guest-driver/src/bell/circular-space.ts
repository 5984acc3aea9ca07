/**
 * Room in a circle of bytes: reserved in order, released in order, never split at the end.
 * Head and tail are equal when it is empty, so it is never filled to the last byte.
 */
export class CircularSpace {
  readonly size: number;
  /** Where the oldest reservation begins. */
  private head = 0;
  /** Past the newest reservation. */
  private tail = 0;

  constructor(size: number) {
    this.size = size;
  }

  /** Past the newest reservation: give it to `release` when that one is no longer needed. */
  get end(): number {
    return this.tail;
  }

  /** The start of `bytes` bytes in a row, or -1 while there is no room. */
  reserve(bytes: number): number {
    const wraps = this.tail < this.head;
    if (
      wraps ||
      this.tail + bytes < this.size ||
      (this.tail + bytes === this.size && this.head > 0)
    ) {
      return wraps && this.tail + bytes >= this.head ? -1 : this.take(this.tail, bytes);
    }
    // What is left at the end is too short: skip it.
    return bytes < this.head ? this.take(0, bytes) : -1;
  }

  private take(start: number, bytes: number): number {
    this.tail = (start + bytes) % this.size;
    return start;
  }

  /** Everything up to `end` is free again. */
  release(end: number): void {
    this.head = end;
  }

  reset(): void {
    this.head = 0;
    this.tail = 0;
  }
}
