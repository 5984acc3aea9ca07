/** Where two states differ: the path to the first value that is not the same, or undefined. */
export function firstDifference(a: unknown, b: unknown, path = 'state'): string | undefined {
  if (Object.is(a, b)) {
    return undefined;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return `${path}: ${String(a)} and ${String(b)}`;
  }
  if (sameBytes(a, b)) {
    return undefined;
  }
  const left = entries(a);
  const right = entries(b);
  if (left.size !== right.size) {
    return `${path}: ${left.size} and ${right.size} entries`;
  }
  for (const [key, value] of left) {
    const found = firstDifference(value, right.get(key), `${path}.${key}`);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

/** Quick, for pages. */
function sameBytes(a: object, b: object): boolean {
  return (
    ArrayBuffer.isView(a) &&
    ArrayBuffer.isView(b) &&
    a.constructor === b.constructor &&
    Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(
      Buffer.from(b.buffer, b.byteOffset, b.byteLength),
    )
  );
}

/** What a value holds that is not undefined: a page that was never written is a hole, or undefined. */
function entries(of: object): Map<string, unknown> {
  return new Map(Object.entries(of).filter(([, value]) => value !== undefined));
}
