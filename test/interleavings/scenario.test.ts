/**
 * The halves of the virtqueues, from their very sources, in every order of their accesses: no chain
 * is lost or returned twice, each comes as it was passed, and no wake-up is missed. With
 * DOORBELL_INTERLEAVINGS=deep, for larger queues and more chains.
 */
import { afterAll, describe, expect, it, vi } from 'vitest';
import { mutants } from './mutants.ts';
import { loadInstrumented } from './module.ts';
import type { Ring } from './ring-memory.ts';
import { exploreRing, type Scenario } from './scenario.ts';

// Exploring takes what it takes on a busy machine.
vi.setConfig({ testTimeout: 600_000 });

const MOST = 20_000_000;
const deep = process.env.DOORBELL_INTERLEAVINGS === 'deep';

type Shape = Pick<Scenario, 'size' | 'chains' | 'buffers' | 'batch' | 'before'>;

function words({ size, chains, buffers, batch, before }: Shape): string {
  return `size ${size}, ${chains} chains of ${buffers}, by ${batch}, after ${before}`;
}

function shape(size: number, chains: number, more: Partial<Shape> = {}): Shape {
  return { size, chains, buffers: 1, batch: 1, before: 0, ...more };
}

const shapes: readonly Shape[] = [
  shape(1, 3),
  shape(2, 3),
  shape(2, 3, { buffers: 2 }),
  shape(2, 3, { before: 3 }),
  shape(4, 3),
  shape(4, 3, { batch: 2 }),
  shape(4, 3, { buffers: 2, batch: 2, before: 1 }),
  ...(deep
    ? [
        shape(1, 6),
        shape(2, 5),
        shape(4, 4),
        shape(4, 5, { buffers: 3 }),
        shape(4, 6, { batch: 3 }),
        shape(8, 5, { buffers: 3, batch: 2, before: 7 }),
      ]
    : []),
];
/** The index wraps at 2^16 in the midst of it. */
const wrapping = [
  shape(2, 2, { before: 65_535 }),
  ...(deep ? [shape(4, 4, { batch: 2, before: 65_534 })] : []),
];
/** Only a packed queue may have a size that is no power of two. */
const uneven = [shape(3, 4, { before: 1 }), shape(3, 3, { buffers: 2, batch: 2 })];

const rings: readonly Ring[] = ['split', 'packed'];
const kinds = rings.flatMap((ring) =>
  [false, true].flatMap((eventIdx) =>
    [false, true].flatMap((inOrder) =>
      (['sc', 'tso'] as const).map((model) => ({ ring, eventIdx, inOrder, model })),
    ),
  ),
);

let states = 0;
let transitions = 0;

async function explore(scenario: Scenario) {
  const explored = await exploreRing(scenario, MOST);
  states += explored.states;
  transitions += explored.transitions;
  return explored;
}

describe.each(kinds)('$ring, event index $eventIdx, in order $inOrder, $model', (kind) => {
  const all = [
    ...shapes,
    ...(kind.inOrder ? [] : wrapping),
    ...(kind.ring === 'packed' ? uneven : []),
  ].map((one) => ({ ...one, name: words(one) }));
  it.each(all)('$name: every order is right', async (one) => {
    const { violation, outcomes } = await explore({ ...kind, ...one, mutant: undefined });
    expect(violation?.reason).toBeUndefined();
    expect([...outcomes]).toEqual(['done done']);
  });
});

describe('the bound', () => {
  it('is what the lesson says: over two million states', () => {
    expect(states).toBeGreaterThan(2_000_000);
    expect(transitions).toBeGreaterThan(states);
  });
});

afterAll(() => {
  console.info(`interleavings: ${states} states and ${transitions} transitions explored.`);
});

const broken = rings.flatMap((ring) =>
  mutants[ring].flatMap((mutant) =>
    [false, true].flatMap((eventIdx) =>
      (['sc', 'tso'] as const).map((model) => ({
        ring,
        name: mutant.name,
        eventIdx,
        model,
        harmful: mutant.eventIdx.includes(eventIdx) && mutant.models.includes(model),
      })),
    ),
  ),
);

describe('a broken ring', () => {
  it.each(broken)(
    '$ring with $name, event index $eventIdx, $model: caught is $harmful',
    async ({ ring, name, eventIdx, model, harmful }) => {
      const kind = { ring, eventIdx, inOrder: false, model, mutant: name };
      const { violation } = await exploreRing({ ...kind, ...shape(2, 2) }, MOST);
      expect(violation !== undefined).toBe(harmful);
    },
  );

  it('must be broken in exactly one place', async () => {
    const file = new URL('../../packages/pv-frontend/src/ring/split.ts', import.meta.url);
    const load = (find: string) => loadInstrumented(file, [{ find, replace: '' }]);
    await expect(load('this.memory.fence();')).rejects.toThrow(SyntaxError);
    await expect(load('what is not there')).rejects.toThrow(SyntaxError);
  });
});

describe('a path to the same state', () => {
  it('explores the same number of states each time', async () => {
    const scenario: Scenario = {
      ...{ ring: 'packed', eventIdx: true, inOrder: false, model: 'tso', mutant: undefined },
      ...shape(2, 2),
    };
    const [one, other] = [await exploreRing(scenario, MOST), await exploreRing(scenario, MOST)];
    expect([one.states, one.transitions]).toEqual([other.states, other.transitions]);
  });
});
