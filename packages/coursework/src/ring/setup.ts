/** How large a queue may be, and where its parts may lie: VIRTIO 1.3 §2.7, §2.7.1, §2.8 and §2.8.11. */
import type { OpenDriverQueue } from '@doorbell/pv-frontend';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { WatchedMemory } from './watched-memory.ts';

/** @param alignments  of each part, in bytes. */
export function alignmentCheck<P extends { readonly open: OpenDriverQueue }>(
  section: string,
  alignments: Readonly<Record<'descriptors' | 'driver' | 'device', number>>,
): Check<P> {
  return {
    ...{ id: `virtio-1.3/${section}/aligned`, clause: `VIRTIO 1.3 §${section}` },
    title: 'A queue is refused that has a part which is not aligned, with a RangeError.',
    run: ({ open }) => {
      const options = { indirect: false, eventIdx: false, inOrder: false };
      const memory = new WatchedMemory(new ArrayBuffer(0x1000));
      const setup = { size: 4, descriptors: 0x100, driver: 0x200, device: 0x300 };
      open(memory, setup, options, undefined);
      for (const part of ['descriptors', 'driver', 'device'] as const) {
        const shifted = { ...setup, [part]: setup[part] + alignments[part] / 2 };
        mustRefuseToOpen(`the ${part} part is not aligned`, () => {
          open(memory, shifted, options, undefined);
        });
      }
    },
  };
}

/** @param sizes  that no queue has. */
export function sizeCheck<P extends { readonly open: OpenDriverQueue }>(
  section: string,
  sizes: readonly number[],
): Check<P> {
  return {
    ...{ id: `virtio-1.3/${section}/refuses-size`, clause: `VIRTIO 1.3 §${section}` },
    title: 'A queue of a size that none has is refused, with a RangeError.',
    run: ({ open }) => {
      const options = { indirect: false, eventIdx: false, inOrder: false };
      const memory = new WatchedMemory(new ArrayBuffer(0x1000));
      for (const size of sizes) {
        const setup = { size, descriptors: 0x100, driver: 0x200, device: 0x300 };
        mustRefuseToOpen(`${size} entries`, () => {
          open(memory, setup, options, undefined);
        });
      }
    },
  };
}

function mustRefuseToOpen(what: string, open: () => void): void {
  const expected = `RangeError: ${what}`;
  try {
    open();
  } catch (error) {
    if (error instanceof RangeError) {
      return;
    }
    throw new Mismatch(expected, String(error));
  }
  throw new Mismatch(expected, 'a queue');
}
