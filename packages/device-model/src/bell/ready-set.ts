/** A set of small numbers that is asked for the next one: a word of 32 at a time, so in constant time. */
const BITS = 32;

export class ReadySet {
  size = 0;
  private readonly words: Uint32Array;

  /** Of numbers below `count`. */
  constructor(count: number) {
    this.words = new Uint32Array(Math.ceil(count / BITS));
  }

  has(number: number): boolean {
    return ((this.words[number >>> 5] >>> (number & 31)) & 1) === 1;
  }

  add(number: number): void {
    this.size += this.has(number) ? 0 : 1;
    this.words[number >>> 5] |= 1 << (number & 31);
  }

  delete(number: number): void {
    this.size -= this.has(number) ? 1 : 0;
    this.words[number >>> 5] &= ~(1 << (number & 31));
  }

  clear(): void {
    this.words.fill(0);
    this.size = 0;
  }

  /** The first one from `number` on, and from 0 on behind the last; -1: the set is empty. */
  from(number: number): number {
    const { words } = this;
    const first = number >>> 5;
    const above = words[first] & (-1 << (number & 31));
    if (above !== 0) {
      return first * BITS + lowest(above);
    }
    for (let step = 1; step <= words.length; step++) {
      const at = (first + step) % words.length;
      if (words[at] !== 0) {
        return at * BITS + lowest(words[at]);
      }
    }
    return -1;
  }
}

/** The place of the lowest bit that is set. */
function lowest(word: number): number {
  return BITS - 1 - Math.clz32(word & -word);
}
