/** What the lab needs of the world, from a browser. */
import type { Environment } from '@doorbell/lab';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { turn } from './event-loop.ts';
import { hashes } from 'virtual:driver-hashes';

export const browserEnvironment: Environment = {
  sha256: () => {
    const hash = sha256.create();
    return {
      update: (bytes) => {
        hash.update(bytes);
      },
      digest: () => bytesToHex(hash.digest()),
    };
  },
  wallMs: () => performance.now(),
  breathe: turn,
  driverSha256: (driver) => {
    const hash = hashes.get(driver);
    if (hash === undefined) {
      throw new RangeError(`There is no driver '${driver}'.`);
    }
    return hash;
  },
};
