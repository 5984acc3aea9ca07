/** Names that somebody may have meant. */
import { distance } from 'fastest-levenshtein';

/** As many as are shown. */
const SHOWN = 3;

/** The nearest of some names to one that is not among them: `the nearest are a, b, c`. */
export function nearest(name: string, names: readonly string[]): string {
  const sorted = [...names].sort((a, b) => distance(name, a) - distance(name, b));
  return `the nearest are ${sorted.slice(0, SHOWN).join(', ')}`;
}
