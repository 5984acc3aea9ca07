/** UUIDs of resources: the same for the same seed, in the order in which they are asked for. */

/** A word that depends on all bits of two: the finisher of MurmurHash3, twice. */
function mix(seed: number, number: number): number {
  let word = seed ^ Math.imul(number + 1, 0x9e3779b1);
  for (let round = 0; round < 2; round++) {
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    word ^= word >>> 16;
  }
  return word >>> 0;
}

/** 16 bytes, of version 4 and variant 1 as RFC 9562 §5.4 has them. */
export function makeUuid(seed: number, number: number): Uint8Array {
  const words = Uint32Array.from({ length: 4 }, (_, index) => mix(seed, 4 * number + index));
  const bytes = new Uint8Array(words.buffer);
  bytes[6] = 0x40 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return bytes;
}
