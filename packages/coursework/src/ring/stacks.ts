/** A half of a virtqueue in a stack, with this project's own other half at the other end. */
import type { Check } from '../check/check.ts';
import { sceneChecks } from '../gpu/checks.ts';
import { ownParts, type Part } from '../part.ts';

const sections = { split: '2.7', packed: '2.8' } as const;

export function stackChecks<P extends Part>(
  ring: keyof typeof sections,
  notifies: readonly ('event-idx' | 'interrupt' | 'poll')[] = ['event-idx', 'interrupt'],
): readonly Check<P>[] {
  return notifies.flatMap((notify) =>
    sceneChecks<P>({ stack: `pv:ring=${ring}:notify=${notify}`, own: ownParts }, ['triangle']).map(
      (each) => ({
        ...each,
        id: `${each.id}/${notify}`,
        clause: `VIRTIO 1.3 §${sections[ring]}`,
      }),
    ),
  );
}
