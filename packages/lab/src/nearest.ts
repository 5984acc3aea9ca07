/** Names that somebody may have meant by one that there is not. */
import { distance } from 'fastest-levenshtein';

/** As many as are shown. */
const SHOWN = 3;

/** The nearest first, as `near it: a, b, c`. What stands behind a name's dot counts for itself, too. */
export function nearest(text: string, names: readonly string[]): string {
  const wanted = text.toLowerCase();
  const far = (name: string): number => {
    const lower = name.toLowerCase();
    const own = lower.slice(lower.indexOf('.') + 1);
    return Math.min(distance(wanted, lower), distance(wanted, own));
  };
  const sorted = [...new Set(names)].sort((a, b) => far(a) - far(b));
  return `near it: ${sorted.slice(0, SHOWN).join(', ')}`;
}
