/** What the package hands in: `doorbell check .` looks here. */
import type { DriverPart } from '@doorbell/coursework';
import { probe } from './driver.ts';

export default { kind: 'driver', name: '__NAME__', probe } satisfies DriverPart;
