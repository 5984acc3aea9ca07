/** The device half that is under test, whatever the layout of its queue. */
import { RingError, type Chain } from '@doorbell/abi';
import type { DeviceQueue } from '@doorbell/pv-backend';
import { Mismatch } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';

export interface DeviceHalf {
  readonly queue: DeviceQueue;
  /** Where a chain goes that it takes. */
  readonly chain: Chain;
}

export function mustTake({ queue, chain }: DeviceHalf): void {
  mustBe('next', true, queue.next(chain));
}

/** The chain that was taken, as [address, bytes, whether the device writes it]. */
export function buffersOf({
  chain: { count, readable, addresses, lengths },
}: DeviceHalf): readonly (readonly [number, number, boolean])[] {
  return Array.from({ length: count }, (_, index) => [
    addresses[index],
    lengths[index],
    index >= readable,
  ]);
}

/** The driver has broken a rule. The queue is broken then, and stays so. @throws Mismatch */
export function mustStayBroken(what: string, half: DeviceHalf): void {
  for (const again of ['', ', and asked again']) {
    mustBreak(`${what}${again}`, half);
  }
}

/**
 * Takes chains until the rule is broken; each ends somewhere.
 * @param returns  whether each is given back at once.
 */
export function mustBreak(what: string, { queue, chain }: DeviceHalf, returns = false): void {
  const expected = `RingError: ${what}`;
  try {
    for (let taken = 0; taken <= queue.size; taken++) {
      if (!queue.next(chain)) {
        throw new Mismatch(expected, `${taken} chains were taken, and nothing was said`);
      }
      if (returns) {
        queue.put(chain.id, 0);
      }
    }
  } catch (error) {
    if (error instanceof RingError) {
      return;
    }
    throw error instanceof Mismatch ? error : new Mismatch(expected, String(error));
  }
  throw new Mismatch(expected, `more chains than the queue has entries`);
}
