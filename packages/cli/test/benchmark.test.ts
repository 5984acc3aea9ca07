import { expect, test } from 'vitest';
import { measure, median, type Benchmark, type Meter, type Work } from '../src/bench/benchmark.ts';

const pace = { roundMs: 1, rounds: 3 };

/** Work that claims `units` and tells when it runs. */
function work(name: string, units: number, log: string[]): Work {
  return {
    units,
    run: () => {
      log.push(name);
      return Array.from({ length: 2000 }, (_, i) => i).reverse();
    },
  };
}

function benchmark(log: string[], rounds?: number): Benchmark {
  return {
    name: 'test',
    unit: 'thing/s',
    against: 'the same',
    prepare: () => ({ work: work('work', 10, log), reference: work('reference', 5, log) }),
    ...(rounds === undefined ? {} : { rounds }),
  };
}

test('gives units per second, and how many times as many as the reference', async () => {
  const result = await measure(benchmark([]), pace, async () => {});
  expect(result).toMatchObject({ name: 'test', unit: 'thing/s', against: 'the same' });
  expect(result.value).toBeGreaterThan(0);
  expect(result.ratio).toBe(result.value / result.againstValue);
});

test('lets the two ways take turns', async () => {
  const log: string[] = [];
  await measure(benchmark(log), pace, async () => {
    log.push('round');
  });
  const turns = log.filter((name, index) => name !== log[index - 1]);
  const later = turns.slice(turns.indexOf('round') + 1);
  expect(later).toEqual(['work', 'reference', 'round', 'work', 'reference', 'round']);
});

test('takes fewer rounds of what takes long', async () => {
  let rounds = 0;
  await measure(benchmark([], 1), pace, async () => {
    rounds++;
  });
  expect(rounds).toBe(1);
});

test('ends when it is told to between rounds', async () => {
  const stop = new Error('stop');
  await expect(measure(benchmark([]), pace, () => Promise.reject(stop))).rejects.toBe(stop);
});

test('passes on the error of what it measures', async () => {
  const failing: Benchmark = {
    ...benchmark([]),
    prepare: () => ({
      work: {
        units: 1,
        run: () => {
          throw new Error('the engine stands still');
        },
      },
      reference: work('reference', 1, []),
    }),
  };
  await expect(measure(failing, pace, async () => {})).rejects.toThrow('the engine stands still');
});

test('takes the word of what measures itself, by turns', async () => {
  const log: string[] = [];
  const meter = (name: string, rates: number[]): Meter => ({
    rate: async () => {
      log.push(name);
      return rates.shift()!;
    },
  });
  const metered: Benchmark = {
    ...benchmark([]),
    prepare: () => ({ work: meter('work', [3, 9, 6]), reference: meter('reference', [2, 4, 3]) }),
  };
  const result = await measure(metered, pace, async () => {});
  expect(result).toMatchObject({ value: 6, againstValue: 3, ratio: 2 });
  expect(log.slice(0, 4)).toEqual(['work', 'reference', 'work', 'reference']);
});

test('hands on the signal of whoever gives up, and closes what was prepared', async () => {
  const { signal } = new AbortController();
  const seen: unknown[] = [];
  const closing: Benchmark = {
    ...benchmark([]),
    prepare: (given) => {
      seen.push(given);
      return {
        work: work('work', 1, []),
        reference: work('reference', 1, []),
        close: async () => {
          seen.push('closed');
        },
      };
    },
  };
  await measure(closing, pace, async () => {}, signal);
  expect(seen).toEqual([signal, 'closed']);
});

test('takes the middle, or the mean of the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('of what has a limit the worst of all rounds is said, and what part of the limit it is', async () => {
  const worst = [20, 60, 40];
  const benchmark: Benchmark = {
    ...{ name: 'limited', unit: 'ms', against: 'the limit' },
    prepare: () => ({ limitMs: 300, worstMs: () => Promise.resolve(worst.shift() ?? 0) }),
  };
  expect(await measure(benchmark, pace, async () => {})).toEqual({
    ...{ name: 'limited', unit: 'ms', against: 'the limit' },
    ...{ value: 60, againstValue: 300, ratio: 0.2 },
  });
});
