/** What the lab needs of the world, from Node. */
import { createHash } from 'node:crypto';
import type { Environment } from '../environment.ts';
import { driverSha256 } from './driver-hash.ts';

export const labEnvironment: Environment = {
  sha256: () => {
    const hash = createHash('sha256');
    return {
      update: (bytes) => {
        hash.update(bytes);
      },
      digest: () => hash.digest('hex'),
    };
  },
  wallMs: () => performance.now(),
  // A turn of the event loop: signals are served, and the progress bar is drawn.
  breathe: () =>
    new Promise((resolve) => {
      setImmediate(resolve);
    }),
  driverSha256,
};
