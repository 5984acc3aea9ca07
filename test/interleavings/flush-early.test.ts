import { describe, expect, it } from 'vitest';
import { flushEarly } from './flush-early.ts';
import { history, type Event } from './history.ts';
import { mutants } from './mutants.ts';
import { exploreRing } from './scenario.ts';

// Exploring takes what it takes on a busy machine.
/** What a thread can see of an interleaving: what its loads gave, and that it sleeps. */
function seen(events: readonly Event[], thread: number): readonly string[] {
  return events
    .filter((event) => event.thread === thread && event.step.kind !== 'store')
    .map(({ step, value, how }) => `${step.kind} ${value} ${how}`);
}

const broken = (['split', 'packed'] as const).flatMap((ring) =>
  mutants[ring].map(({ name }) => ({ ring, name })),
);

describe('flushEarly', () => {
  it.each(broken)('$ring with $name: the threads see the same', async ({ ring, name }) => {
    const { memory, threads, violation } = await exploreRing(
      {
        ...{ ring, eventIdx: true, inOrder: false, model: 'tso', mutant: name },
        ...{ size: 2, chains: 2, buffers: 1, batch: 1, before: 0 },
      },
      100_000,
    );
    const moves = violation!.moves;
    const before = history(memory, threads, 'tso', moves);
    const after = history(memory, threads, 'tso', flushEarly(memory, threads, 'tso', moves));
    expect([0, 1].map((thread) => seen(after, thread))).toEqual(
      [0, 1].map((thread) => seen(before, thread)),
    );
    const late = (events: readonly Event[]) => events.filter(({ how }) => how === 'late').length;
    expect(late(after)).toBeLessThanOrEqual(late(before));
  });
});
