/**
 * Finds equal rows of `stride` words: for each row the number of the first one that equals it.
 * A hash table with linear probing over row numbers, because a million strings are too slow.
 */
export function weld(words: Uint32Array, stride: number): Uint32Array {
  const count = words.length / stride;
  const slots = 2 ** (33 - Math.clz32(count));
  const table = new Int32Array(slots).fill(-1);
  const first = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    let slot = hash(words, row * stride, stride) & (slots - 1);
    while (table[slot] >= 0 && !equal(words, table[slot] * stride, row * stride, stride)) {
      slot = (slot + 1) & (slots - 1);
    }
    if (table[slot] < 0) {
      table[slot] = row;
    }
    first[row] = table[slot];
  }
  return first;
}

/** MurmurHash3's mixing steps. */
function hash(words: Uint32Array, at: number, stride: number): number {
  let sum = 0;
  for (let i = 0; i < stride; i++) {
    sum = Math.imul(sum ^ words[at + i], 0xcc9e2d51);
    sum = Math.imul(sum ^ (sum >>> 15), 0x1b873593);
  }
  return sum ^ (sum >>> 13);
}

function equal(words: Uint32Array, a: number, b: number, stride: number): boolean {
  for (let i = 0; i < stride; i++) {
    if (words[a + i] !== words[b + i]) {
      return false;
    }
  }
  return true;
}
