/**
 * A shape: what a paper says of the ways to a GPU, as figures of ours that must lie within bands or
 * follow one another. The papers' absolute numbers are their machines'; a shape is what should be
 * the same on ours.
 */
import type { Runs } from './runs.ts';

/** A publication. */
export interface Source {
  readonly authors: string;
  readonly title: string;
  readonly venue: string;
  readonly year: number;
}

/** Both ends belong to it; an end that is left out is open. */
export interface Band {
  readonly least?: number;
  readonly most?: number;
}

/** How a figure must stand to the one before it. */
export type Relation = 'at least' | 'above' | 'below';

/** One figure that is measured. */
export interface FigureRow {
  readonly label: string;
  readonly unit: string;
  /** Where it must lie. Without this and `follows`: it is there to be read, and cannot fail. */
  readonly band?: Band;
  readonly follows?: Relation;
}

export interface Shape {
  readonly id: string;
  readonly sources: readonly Source[];
  /** One sentence, in our words. */
  readonly claim: string;
  /** What ran, and what was taken of it. */
  readonly how: string;
  readonly rows: readonly FigureRow[];
  /** One value for each row, of counts and virtual time. */
  measure(runs: Runs): Promise<readonly number[]>;
}

interface Figure {
  readonly label: string;
  readonly unit: string;
  readonly value: number;
  /** Whether it is where it must be; undefined: it need not be anywhere. */
  readonly holds: boolean | undefined;
}

export interface Verdict {
  readonly figures: readonly Figure[];
  readonly holds: boolean;
}

/** A shape's values against its bands. */
export function judge({ rows }: Pick<Shape, 'rows'>, values: readonly number[]): Verdict {
  const figures = rows.map(({ label, unit, band, follows }, index): Figure => {
    const value = values[index];
    const within = band === undefined ? undefined : lies(value, band);
    const after = follows === undefined ? undefined : stands(value, follows, values[index - 1]);
    const asked = [within, after].filter((answer) => answer !== undefined);
    return { label, unit, value, holds: asked.length === 0 ? undefined : asked.every(Boolean) };
  });
  return { figures, holds: figures.every(({ holds }) => holds !== false) };
}

function lies(value: number, { least = -Infinity, most = Infinity }: Band): boolean {
  return value >= least && value <= most;
}

function stands(value: number, relation: Relation, before: number): boolean {
  switch (relation) {
    case 'at least':
      return value >= before;
    case 'above':
      return value > before;
    case 'below':
      return value < before;
  }
}
