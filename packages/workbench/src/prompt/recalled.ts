/** Lines that were typed before, brought back one by one. */

/** Where one is among them. */
export interface Recalled {
  /** How many lines back, 0 being the new line. */
  readonly back: number;
  readonly line: string;
}

/** The line `by` further back, or nearer where that is less than 0; not past either end. */
export function recalled(lines: readonly string[], from: number, by: number): Recalled {
  const back = Math.min(lines.length, Math.max(0, from + by));
  return { back, line: lines[lines.length - back] ?? '' };
}
