/** A requester's tags, which tell its requests that are not yet answered apart (PCIe 6.0 §2.2.6.2). */

/** Without Extended Tag and 10-bit tags, which nothing here turns on, a tag has five bits. */
export const TAGS = 32;

export class Tags {
  private readonly taken: boolean[] = [];
  outstanding = 0;

  /** The smallest that is free. @throws RangeError when none is. */
  allocate(): number {
    if (this.outstanding === TAGS) {
      throw new RangeError(`All ${TAGS} tags are in use.`);
    }
    const free = this.taken.indexOf(false);
    const tag = free < 0 ? this.taken.length : free;
    this.taken[tag] = true;
    this.outstanding++;
    return tag;
  }

  /** The last completion has come. */
  release(tag: number): void {
    this.taken[tag] = false;
    this.outstanding--;
  }
}
