import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Explorer, type Exploration, type Model } from './explorer.ts';
import { enumerate, type Op } from './naive.ts';
import { SharedMemory } from './shared-memory.ts';
import { steps, Violation, type Program } from './step.ts';
import { Thread } from './thread.ts';

const site = { line: 1, text: '' };
const FLAG = 2;

function explore(
  first: () => Program,
  second: () => Program,
  model: Model = 'tso',
  most = 10_000,
): Exploration {
  const threads = [new Thread('first', first), new Thread('second', second)] as const;
  return new Explorer(new SharedMemory(0, new Uint16Array(4)), threads, model).explore(most);
}

function* run(ops: readonly Op[]): Program {
  let loaded = '';
  for (const op of ops) {
    if (op.kind === 'load') {
      loaded += `${yield steps.load16(site, op.address)}`;
    } else {
      yield op.kind === 'fence' ? steps.fence(site) : steps.store16(site, op.address, op.value);
    }
  }
  return loaded;
}

const address = fc.constantFrom(0, 2);
const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ kind: fc.constant('load' as const), address }),
  fc.record({
    kind: fc.constant('store' as const),
    address,
    value: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constant('fence' as const) }),
);
const program = fc.array(op, { maxLength: 4 });

describe('Explorer', () => {
  it.each(['sc', 'tso'] as const)(
    'finds what a plain enumeration of all orders finds: %s',
    (model) => {
      fc.assert(
        fc.property(program, program, (first, second) => {
          const { outcomes } = explore(
            () => run(first),
            () => run(second),
            model,
          );
          expect([...outcomes].sort()).toEqual([...enumerate(model, first, second)].sort());
        }),
        { numRuns: 300, seed: 1 },
      );
    },
  );

  it('finds a missed wake-up: both sleep', () => {
    function* sleeper(): Program {
      yield { kind: 'wait', address: FLAG, site };
      return '';
    }
    function* forgetful(): Program {
      if ((yield steps.load16(site, 0)) === 1) {
        yield steps.store16(site, FLAG, 1);
      }
      return '';
    }
    expect(explore(sleeper, forgetful).violation?.reason).toBe(
      'a wake-up was missed: the first would sleep for ever',
    );
  });

  it('a flag that is set wakes once', () => {
    function* sleeper(): Program {
      yield { kind: 'wait', address: FLAG, site };
      return `${yield steps.load16(site, FLAG)}`;
    }
    function* waker(): Program {
      yield steps.store16(site, FLAG, 1);
      return '';
    }
    const { outcomes, violation } = explore(sleeper, waker);
    expect(violation).toBeUndefined();
    expect([...outcomes]).toEqual(['0 ']);
  });

  it('finds that a thread spins on what nobody writes', () => {
    function* spinner(): Program {
      for (;;) {
        yield { kind: 'checkpoint', state: '' };
        if ((yield steps.load16(site, 0)) === 1) {
          return '';
        }
      }
    }
    expect(explore(spinner, () => run([])).violation?.reason).toMatch(/in circles/);
    expect(
      explore(spinner, () => run([{ kind: 'store', address: 0, value: 1 }])).violation,
    ).toBeUndefined();
  });

  it('gives the shortest interleaving to what a thread objects to', () => {
    function* reader(): Program {
      yield steps.load16(site, 0);
      if ((yield steps.load16(site, 0)) === 2) {
        throw new Violation('it is 2.');
      }
      return '';
    }
    const writes = [1, 2, 3].map((value) => ({ kind: 'store', address: 0, value }) as const);
    const { violation } = explore(() => run(writes), reader, 'sc');
    expect(violation?.reason).toBe('the second finds: it is 2.');
    expect(violation?.moves).toHaveLength(4);
  });

  it('passes a mistake of our own on', () => {
    function* wrong(): Program {
      yield steps.load16(site, 0);
      throw new TypeError('ours');
    }
    expect(() => explore(wrong, () => run([]))).toThrow(new TypeError('ours'));
  });

  it('says so when there are more states than asked for', () => {
    const ops = Array.from({ length: 9 }, () => ({ kind: 'load', address: 0 }) as const);
    expect(() =>
      explore(
        () => run(ops),
        () => run(ops),
        'sc',
        99,
      ),
    ).toThrow(RangeError);
    expect(
      explore(
        () => run(ops),
        () => run(ops),
        'sc',
        100,
      ).states,
    ).toBe(100);
  });
});
