/** This project's own driver of edu, as a part. */
import { Edu } from '@doorbell/guest-driver';
import type { EduPart } from '../part.ts';

export const edu: EduPart = { kind: 'edu', name: 'edu', probe: (device) => new Edu(device) };
