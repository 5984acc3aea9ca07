/** How the inspector writes numbers and names. */

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** With as many digits as `bytes` bytes have. */
export function fixedHex(value: number, bytes: number): string {
  return `0x${value.toString(16).padStart(bytes * 2, '0')}`;
}

/** `01:00.0`, as lspci has it. */
export function functionName(bdf: number): string {
  const two = (value: number): string => value.toString(16).padStart(2, '0');
  return `${two(bdf >>> 8)}:${two((bdf >>> 3) & 31)}.${bdf & 7}`;
}

/** Whose bus a function is on. */
export function ownerName(guest: number): string {
  return guest < 0 ? 'host' : `guest ${guest}`;
}

/** A number as a person gives it: `0x1000` or `4096`; undefined: it is none. */
export function parseNumber(text: string): number | undefined {
  const trimmed = text.trim();
  const value = /^(0x[0-9a-f]+|\d+)$/i.test(trimmed) ? Number(trimmed) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The parts of an event's line: its number, its time, its kind, and what it was. */
export function eventParts(text: string): {
  readonly time: string;
  readonly kind: string;
  readonly what: string;
} {
  const [, time = '', kind = text, ...what] = text.split(/ {2,}/);
  return { time, kind, what: what.join('  ') };
}
