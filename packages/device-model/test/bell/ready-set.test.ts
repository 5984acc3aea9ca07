import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReadySet } from '../../src/bell/ready-set.ts';

/** What it should be: a plain set, gone through number by number. */
class NaiveSet {
  readonly numbers = new Set<number>();
  private readonly count: number;

  constructor(count: number) {
    this.count = count;
  }

  from(number: number): number {
    for (let step = 0; step < this.count; step++) {
      const at = (number + step) % this.count;
      if (this.numbers.has(at)) {
        return at;
      }
    }
    return -1;
  }
}

type Step = readonly ['add' | 'delete', number];

function expectSame(set: ReadySet, naive: NaiveSet, count: number): void {
  expect(set.size).toBe(naive.numbers.size);
  for (let number = 0; number < count; number++) {
    expect(set.has(number)).toBe(naive.numbers.has(number));
    expect(set.from(number)).toBe(naive.from(number));
  }
}

const counts = fc.constantFrom(1, 2, 17, 31, 32, 33, 63, 64, 65, 100, 128);
const cases = counts.chain((count) => {
  const step = fc.tuple(fc.constantFrom('add' as const, 'delete' as const), fc.nat(count - 1));
  return fc.tuple(fc.constant(count), fc.array(step, { maxLength: 40 }));
});

describe('a ready set', () => {
  it('is a set, and finds the next one as a search number by number does', () => {
    fc.assert(
      fc.property(cases, ([count, steps]: [number, readonly Step[]]) => {
        const set = new ReadySet(count);
        const naive = new NaiveSet(count);
        for (const [kind, number] of steps) {
          set[kind](number);
          naive.numbers[kind](number);
        }
        expectSame(set, naive, count);
        set.clear();
        naive.numbers.clear();
        expectSame(set, naive, count);
      }),
    );
  });

  it('goes on at the first one behind the last, in the same word too', () => {
    const set = new ReadySet(17);
    set.add(3);
    expect([set.from(3), set.from(4), set.from(16), set.from(17)]).toEqual([3, 3, 3, 3]);
    set.add(16);
    expect([set.from(4), set.from(17)]).toEqual([16, 3]);
  });

  it('knows the highest bit of a word, whose sign is negative', () => {
    const set = new ReadySet(64);
    set.add(31);
    set.add(63);
    expect([set.from(0), set.from(31), set.from(32), set.from(63)]).toEqual([31, 31, 63, 63]);
  });

  it('does not count one that is added, or taken away, twice', () => {
    const set = new ReadySet(40);
    set.add(39);
    set.add(39);
    expect(set.size).toBe(1);
    set.delete(39);
    set.delete(39);
    expect(set.size).toBe(0);
  });
});
