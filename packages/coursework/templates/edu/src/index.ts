/** What the package hands in: `doorbell check .` looks here. */
import type { EduPart } from '@doorbell/coursework';
import { Edu } from './edu.ts';

export default {
  kind: 'edu',
  name: '__NAME__',
  probe: (device) => new Edu(device),
} satisfies EduPart;
