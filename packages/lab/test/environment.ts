import { createHash } from 'node:crypto';
import type { Environment } from '../src/environment.ts';

/** Node's hash, no wall clock, a driver without sources. */
export const testEnvironment: Environment = {
  sha256: () => {
    const hash = createHash('sha256');
    return {
      update: (bytes) => {
        hash.update(bytes);
      },
      digest: () => hash.digest('hex'),
    };
  },
  wallMs: () => 0,
  breathe: () => Promise.resolve(),
  driverSha256: (driver) => createHash('sha256').update(driver).digest('hex'),
};
