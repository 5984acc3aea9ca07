/** A lost device is tried for again and again, with longer and longer pauses. */
import type { Clock } from '@doorbell/abi';

/** How long, unless said otherwise. */
const RECOVERY_NS = 30e9;
const FIRST_PAUSE_NS = 1e6;
const LONGEST_PAUSE_NS = 500e6;

/** @throws what the last attempt threw, when there is no more time, or `isOver`. */
export async function retry<T>(
  clock: Clock,
  forNs: number | undefined,
  attempt: () => Promise<T>,
  isOver: () => boolean = () => false,
): Promise<T> {
  const deadline = clock.now() + (forNs ?? RECOVERY_NS);
  for (let pause = FIRST_PAUSE_NS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_NS)) {
    try {
      return await attempt();
    } catch (error) {
      if (clock.now() >= deadline || isOver()) {
        throw error;
      }
    }
    await clock.sleep(Math.min(pause, Math.max(deadline - clock.now(), 1)));
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
