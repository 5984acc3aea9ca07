import { createHash } from 'node:crypto';
import type { Environment } from '../src/environment.ts';
import { labEnvironment } from '../src/node/environment.ts';

/** Node's, without a wall clock, without turns of the event loop, and with a driver without sources. */
export const testEnvironment: Environment = {
  ...labEnvironment,
  wallMs: () => 0,
  breathe: () => Promise.resolve(),
  driverSha256: (driver) => createHash('sha256').update(driver).digest('hex'),
};
