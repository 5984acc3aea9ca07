/** What the package hands in: `doorbell check .` looks here. */
import type { MediationPart } from '@doorbell/coursework';
import { FollowEverything } from './follow-everything.ts';

export default {
  kind: 'mediation',
  name: '__NAME__',
  /** Every access to VRAM is an exit: the host misses nothing, and pays for it. */
  traps: 'everything',
  /** Sensitive: it affects or reveals what is the host's, or another guest's. */
  passes: ({ sensitive }) => sensitive === undefined,
  open: (shadow) => new FollowEverything(shadow),
} satisfies MediationPart;
