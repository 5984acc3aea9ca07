/** A part of the engines' memory, in bytes. */
export interface Range {
  readonly address: number;
  readonly bytes: number;
}

export function overlap(one: Range, other: Range): boolean {
  return one.address < other.address + other.bytes && other.address < one.address + one.bytes;
}
