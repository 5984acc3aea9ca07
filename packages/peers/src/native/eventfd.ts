/** Whether a descriptor that somebody sent is what it should be. */
import { readlinkSync } from 'node:fs';

/** A write to something else may wait for ever. */
export function isEventfd(descriptor: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`) === 'anon_inode:[eventfd]';
  } catch {
    return false;
  }
}
