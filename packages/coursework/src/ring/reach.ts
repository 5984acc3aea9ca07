/** A device half does not open a queue that it cannot reach: the driver may write any addresses. */
import { RingError } from '@doorbell/abi';
import type { OpenPackedQueue, OpenSplitQueue } from '@doorbell/pv-backend';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { WatchedMemory } from './watched-memory.ts';

const RAM_BYTES = 0x1000;

export function reachCheck<P extends { readonly open: OpenSplitQueue | OpenPackedQueue }>(
  section: string,
): Check<P> {
  return {
    ...{ id: `virtio-1.3/${section}/refuses-unreachable`, clause: `VIRTIO 1.3 §${section}` },
    title: 'Refused: A part of the queue is beyond memory.',
    run: ({ open }) => {
      const memory = new WatchedMemory(new ArrayBuffer(RAM_BYTES));
      const options = { indirect: false, eventIdx: false, inOrder: false };
      const setup = { size: 4, descriptors: 0x100, driver: 0x200, device: 0x300 };
      open(memory, setup, options, 0);
      for (const part of ['descriptors', 'driver', 'device'] as const) {
        mustRefuse(`the ${part} part is beyond memory`, () => {
          open(memory, { ...setup, [part]: RAM_BYTES }, options, 0);
        });
      }
    },
  };
}

function mustRefuse(what: string, open: () => void): void {
  const expected = `RingError: ${what}`;
  try {
    open();
  } catch (error) {
    if (error instanceof RingError) {
      return;
    }
    throw new Mismatch(expected, String(error));
  }
  throw new Mismatch(expected, 'a queue');
}
