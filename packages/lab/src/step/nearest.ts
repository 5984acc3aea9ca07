/** Names that are like one that there is not. */
import { distance } from 'fastest-levenshtein';

const MOST = 4;

/** The nearest first. A name behind a dot counts for itself, too. */
export function nearest(text: string, names: readonly string[]): readonly string[] {
  const wanted = text.toLowerCase();
  const far = (name: string): number => {
    const lower = name.toLowerCase();
    const own = lower.slice(lower.indexOf('.') + 1);
    return Math.min(distance(wanted, lower), distance(wanted, own));
  };
  return [...new Set(names)].sort((a, b) => far(a) - far(b)).slice(0, MOST);
}
