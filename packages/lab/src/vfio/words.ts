/** What users type, as values. Each refuses with what it wanted. */
import { bdf, type AccessWidth, type Bdf } from '@doorbell/abi';

/** A line that cannot be a command: what is wrong, and what is accepted. */
export class MisuseError extends Error {
  override readonly name = 'MisuseError';
}

/** Words, apart by spaces; one in quotes may hold some. `#` begins a comment. */
export function splitWords(line: string): readonly string[] {
  if (/[^\P{Cc}\t]/u.test(line)) {
    throw new MisuseError('A command has no control characters.');
  }
  const words: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/"([^"]*)"|([^\s"]+)/g)) {
    if (plain?.startsWith('#')) {
      break;
    }
    words.push(quoted ?? plain ?? '');
  }
  return words;
}

const suffixes: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Decimal, or hexadecimal behind 0x; with K, M or G. */
export function number(text: string): number {
  const [, digits, suffix = ''] = /^(0x[0-9a-f]+|\d+)([KMG]?)$/i.exec(text) ?? [];
  const value = digits === undefined ? NaN : Number(digits) * suffixes[suffix.toUpperCase()];
  if (!Number.isSafeInteger(value)) {
    throw new MisuseError(`'${text}' is not a number, such as 4096, 0x1000 or 4K.`);
  }
  return value;
}

/** `01:00.0`, also with the domain 0000 before it. */
export function address(text: string): Bdf {
  const [, bus, device, fn] = /^(?:0000:)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$/i.exec(text) ?? [];
  const slot = parseInt(device ?? 'ff', 16);
  if (bus === undefined || slot > 31) {
    throw new MisuseError(`'${text}' is not a function's address, such as 01:00.0.`);
  }
  return bdf(parseInt(bus, 16), slot, Number(fn));
}

/** Four hexadecimal digits, as new_id takes them. */
export function hexId(text: string): number {
  if (!/^(0x)?[0-9a-f]{1,4}$/i.test(text)) {
    throw new MisuseError(`'${text}' is not an id of up to four hexadecimal digits.`);
  }
  return parseInt(text, 16);
}

export function width(text: string): AccessWidth {
  const value = number(text);
  if (value !== 1 && value !== 2 && value !== 4) {
    throw new MisuseError(`An access is 1, 2 or 4 bytes wide, not ${text}.`);
  }
  return value;
}

/** `r`, `w` or `rw`. */
export function access(text: string): { readonly read: boolean; readonly write: boolean } {
  if (!/^(r|w|rw)$/.test(text)) {
    throw new MisuseError(`'${text}' is not an access; there is r, w and rw.`);
  }
  return { read: text.includes('r'), write: text.includes('w') };
}

export function oneOf<T extends string>(text: string, known: readonly T[]): T {
  const found = known.find((each) => each === text);
  if (found === undefined) {
    throw new MisuseError(`There is no '${text}'; there is ${known.join(', ')}.`);
  }
  return found;
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Rows of columns, each as wide as its widest entry. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((text, at) => (widths[at] = Math.max(widths[at] ?? 0, text.length)));
  }
  return rows
    .map((row) =>
      row
        .map((text, at) => text.padEnd(widths[at]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
