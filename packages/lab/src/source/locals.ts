/** The locals of a statement as short text. Reading them runs no code of the driver: no getter, no toString. */

export type Locals = Readonly<Record<string, unknown>>;

/** Characters of a string, and elements of an array or fields of an object, that are shown. */
const MOST_CHARACTERS = 24;
const MOST_ELEMENTS = 4;

/** A line for each: `name = value`. */
export function localsText(locals: Locals): string {
  return Object.entries(locals)
    .map(([name, value]) => `${name} = ${valueText(value)}`)
    .join('\n');
}

function valueText(value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    return primitiveText(value);
  }
  if ('length' in value && (Array.isArray(value) || ArrayBuffer.isView(value))) {
    return listText(value, Number(value.length));
  }
  return objectText(value);
}

function primitiveText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(
        value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}…` : value,
      );
    case 'bigint':
      return `${value}n`;
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default:
      return String(value);
  }
}

/** An array, or a view of one type of numbers: `[1, 2, 3, 4, … 16]`. */
function listText(list: object, length: number): string {
  const shown = Array.from({ length: Math.min(length, MOST_ELEMENTS) }, (_, index) =>
    fieldText(list, String(index)),
  );
  return `[${[...shown, ...(length > MOST_ELEMENTS ? [`… ${length}`] : [])].join(', ')}]`;
}

/** A record's first fields; of an instance, its class alone. */
function objectText(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return className(prototype);
  }
  const names = Object.keys(value);
  const fields = names.slice(0, MOST_ELEMENTS).map((name) => `${name}: ${fieldText(value, name)}`);
  return `{${[...fields, ...(names.length > MOST_ELEMENTS ? ['…'] : [])].join(', ')}}`;
}

/** What a field holds, without a look inside of it. */
function fieldText(holder: object, name: string): string {
  const field = Object.getOwnPropertyDescriptor(holder, name);
  if (field === undefined || !('value' in field)) {
    return '…';
  }
  const value: unknown = field.value;
  return typeof value === 'object' && value !== null ? '{…}' : primitiveText(value);
}

function className(prototype: unknown): string {
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  const name: unknown = Object.getOwnPropertyDescriptor(made ?? {}, 'name')?.value;
  return typeof name === 'string' && name !== '' ? name : 'an object';
}
