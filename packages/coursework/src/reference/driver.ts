/** This project's own driver of bell, as a part. */
import { probeBell } from '@doorbell/guest-driver';
import type { DriverPart } from '../part.ts';

export const driver: DriverPart = { kind: 'driver', name: 'bell', probe: probeBell };
