/** What the package hands in: `doorbell check .` looks here. */
import { referenceDriver, type ProjectPart } from '@doorbell/coursework';

export default {
  kind: 'project',
  name: '__NAME__',
  /** This project's own, as long as there is nothing better. */
  part: referenceDriver,
  stack: 'native',
  against: 'native',
  scene: 'triangle',
  frames: 2,
  argument: 'None yet.',
} satisfies ProjectPart;
