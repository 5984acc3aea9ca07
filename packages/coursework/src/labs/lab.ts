/** A lab: a part that is to be written, what its checks are worth, and how long it should take. */
import type { NewKind } from '../part.ts';

/** Some checks of the part's kind: the points are earned when all of them pass. */
export interface LabGroup {
  readonly title: string;
  readonly points: number;
  /** What their ids match. */
  readonly checks: RegExp;
}

export interface Lab {
  /** From 1. */
  readonly number: number;
  readonly title: string;
  /** What is to be written, in a sentence. */
  readonly task: string;
  /** Its starter is what `doorbell new KIND` makes, and this project's own part of it earns all points. */
  readonly kind: NewKind;
  /** How long it should take. */
  readonly hours: number;
  /** The handout, from the root of the repository. */
  readonly handout: string;
  /** Together 100 points. */
  readonly groups: readonly LabGroup[];
}

/** As commands name it: `lab-4`. */
export function labName({ number }: Pick<Lab, 'number'>): string {
  return `lab-${number}`;
}
