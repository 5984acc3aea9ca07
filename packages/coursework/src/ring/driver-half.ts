/** The driver half that is under test, whatever the layout of its queue: what it is given, and what it has to refuse. */
import { Chain, RingError } from '@doorbell/abi';
import type { DriverQueue } from '@doorbell/pv-frontend';
import { Mismatch } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';

/** [address, bytes, whether the device writes it]. */
export type Buffer = readonly [number, number, boolean];

export interface DriverHalf {
  readonly queue: DriverQueue;
}

const BUFFER = 0x8000;
/** A buffer that the device reads, and one that it writes, each of 16 bytes. */
export const READ: Buffer = [BUFFER, 16, false];
export const WRITE: Buffer = [BUFFER + 0x100, 16, true];

export function chainOf(...buffers: readonly Buffer[]): Chain {
  const chain = new Chain(buffers.length);
  for (const [address, bytes, deviceWrites] of buffers) {
    chain.push(address, bytes, deviceWrites);
  }
  return chain;
}

/** Adds a chain for which there is room. Gives its id. */
export function mustAdd({ queue }: DriverHalf, ...buffers: readonly Buffer[]): number {
  const id = queue.add(chainOf(...buffers));
  if (id < 0) {
    throw new Mismatch(`room for a chain of ${buffers.length}`, 'none');
  }
  return id;
}

/** Adds a chain and makes it visible. Gives its id. */
export function mustOffer(half: DriverHalf, ...buffers: readonly Buffer[]): number {
  const id = mustAdd(half, ...buffers);
  half.queue.publish();
  return id;
}

/** Takes a chain that the device has used. @param length  bytes that it wrote. */
export function mustTake({ queue }: DriverHalf, id: number, length: number): void {
  mustBe('take', id, queue.take());
  mustBe('the used length', length, queue.usedLength);
}

/** No chain is like that: it is refused, and the device sees nothing of it. */
export function mustNotAdd(what: string, half: DriverHalf, ...buffers: readonly Buffer[]): void {
  const expected = `RangeError: ${what}`;
  try {
    const id = half.queue.add(chainOf(...buffers));
    throw new Mismatch(expected, id < 0 ? 'that there is no room' : `it was added, as ${id}`);
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error instanceof Mismatch ? error : new Mismatch(expected, String(error));
    }
  }
  mustBe('publish', false, half.queue.publish());
}

/** The device has broken a rule. The queue is broken then, and stays so. @throws Mismatch */
export function mustStayBroken(what: string, { queue }: DriverHalf): void {
  for (const again of ['', ', and asked again']) {
    const expected = `RingError: ${what}${again}`;
    try {
      // What came before it may be taken.
      for (let taken = 0; taken <= queue.size; taken++) {
        const id = queue.take();
        if (id < 0) {
          throw new Mismatch(expected, `${taken} chains were taken, and nothing was said`);
        }
      }
      throw new Mismatch(expected, 'more chains than the queue has entries');
    } catch (error) {
      if (!(error instanceof RingError)) {
        throw error instanceof Mismatch ? error : new Mismatch(expected, String(error));
      }
    }
  }
}

/** So many buffers, of which the last the device writes. */
export function listOf(count: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, index) => [
    BUFFER + 0x100 * index,
    index + 1,
    index === count - 1,
  ]);
}
