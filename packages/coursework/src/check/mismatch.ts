/** How a check ends that does not pass. */
import type { Picture } from '@doorbell/lab';

/** The part did something else than its contract asks. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
  readonly expected: string;
  readonly seen: string;
  readonly pictures: Pictures | undefined;

  constructor(expected: string, seen: string, pictures?: Pictures) {
    super(`expected ${expected}; saw ${seen}`);
    this.expected = expected;
    this.seen = seen;
    this.pictures = pictures;
  }
}

/** A run on a machine came to no end; the message says why. */
export class EndedRun extends Error {
  override readonly name = 'EndedRun';
}

/** What should have been drawn, and what was. */
export interface Pictures {
  readonly expected: Picture;
  readonly seen: Picture;
}

/** The check does not concern this part, and says why. */
export class Skip extends Error {
  override readonly name = 'Skip';
}
