/** The host's time, in which everything runs that talks to another process or thread. */
import { threadLoopOf, type WallClock, wallClockOf } from '@doorbell/wire';

export function hostClock(): WallClock {
  return wallClockOf(globalThis);
}

export const threadLoop = threadLoopOf(globalThis);
