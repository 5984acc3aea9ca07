/** Where two states differ: the path to the first value that is not the same, or undefined. */
export function firstDifference(a: unknown, b: unknown): string | undefined {
  const found = difference(a, b);
  return found === undefined ? undefined : `state${found}`;
}

/** The rest of the path, which is put together only where something differs. */
function difference(a: unknown, b: unknown): string | undefined {
  if (Object.is(a, b)) {
    return undefined;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return `: ${String(a)} and ${String(b)}`;
  }
  if (sameBytes(a, b)) {
    return undefined;
  }
  const left = keysOf(a);
  const right = keysOf(b);
  if (left.length !== right.length) {
    return `: ${left.length} and ${right.length} entries`;
  }
  for (const key of left) {
    const found = difference(Reflect.get(a, key), Reflect.get(b, key));
    if (found !== undefined) {
      return `.${key}${found}`;
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

/** Of what a value holds that is not undefined: a page that was never written is a hole, or undefined. */
function keysOf(of: object): string[] {
  return Object.keys(of).filter((key) => Reflect.get(of, key) !== undefined);
}
