/** The private state of a ring half: all its fields but the memory port and what decides nothing. */

/** A key that differs where two states differ. @param omit  fields that decide nothing. */
export function stateKey(half: object, omit: ReadonlySet<string>): string {
  const kept = Object.entries(half).filter(([name]) => name !== 'memory' && !omit.has(name));
  return kept.map(([, value]) => valueKey(value)).join(';');
}

function valueKey(value: unknown): string {
  if (ArrayBuffer.isView(value)) {
    return (value as Uint8Array).join(',');
  }
  if (typeof value === 'object' && value !== null) {
    return `{${stateKey(value, new Set())}}`;
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined) {
    return String(value);
  }
  throw new TypeError(`A ring half has a field of an unknown kind, ${typeof value}.`);
}

/** Gives `half`, just constructed, the fields of another one of its class. */
export function restore(half: object, from: object): void {
  for (const [name, value] of Object.entries(from)) {
    if (name !== 'memory') {
      restoreField(half as Record<string, unknown>, name, value);
    }
  }
}

function restoreField(half: Record<string, unknown>, name: string, value: unknown): void {
  const field = half[name];
  if (ArrayBuffer.isView(field)) {
    (field as Uint8Array).set(value as Uint8Array);
  } else if (typeof field === 'object' && field !== null) {
    restore(field, value as object);
  } else {
    half[name] = value;
  }
}
