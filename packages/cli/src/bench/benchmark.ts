/**
 * A benchmark: two ways of spending time in one run, of which only the ratio means much; or the worst
 * of many times, beside a limit.
 */
import type { Need } from '@doorbell/peers';
import { Bench } from 'tinybench';

export interface Work {
  /** How many units one call does. */
  readonly units: number;
  /** What it returns is computed, so that no engine leaves the work out. */
  readonly run: () => unknown;
  /** `run` returns a promise. Said here, as a call to find out may take a second. */
  readonly async?: true;
}

/** Work that says itself how fast it went. */
export interface Meter {
  /** Units per second, over a time of its own. */
  readonly rate: () => Promise<number>;
}

export interface Benchmark {
  readonly name: string;
  /** Per second; of what has a limit, `ms`. */
  readonly unit: string;
  /** What it is compared with. */
  readonly against: string;
  /** What the machine must have; absent: nothing. */
  readonly needs?: readonly Need[];
  /** @param signal  the user gives up: it may be given up before the next round. */
  readonly prepare: (signal: AbortSignal) => Prepared | Limited | Promise<Prepared | Limited>;
  /** Rounds, where one takes long. */
  readonly rounds?: number;
}

export interface Prepared<W extends Work | Meter = Work | Meter> {
  readonly work: W;
  readonly reference: W;
  /** Gives back what was prepared: threads, connections. */
  readonly close?: () => Promise<void>;
}

/** What is to take no longer than so many milliseconds, however often one does it. */
export interface Limited {
  readonly limitMs: number;
  /** Of the times that one round took. */
  readonly worstMs: () => Promise<number>;
}

/** As the JSON has it: units per second, and how many times as many as the reference does; or milliseconds, and what part of the limit. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly against: string;
  readonly againstValue: number;
  readonly ratio: number;
}

export interface Pace {
  /** Milliseconds of one way in one round. */
  readonly roundMs: number;
  readonly rounds: number;
}

/** @param afterRound lets the event loop turn; it may throw to end it all. */
export async function measure(
  benchmark: Benchmark,
  pace: Pace,
  afterRound: () => Promise<void>,
  signal = new AbortController().signal,
): Promise<BenchResult> {
  const prepared = await benchmark.prepare(signal);
  if ('limitMs' in prepared) {
    return await beside(benchmark, prepared, pace, afterRound);
  }
  try {
    return await compare(benchmark, prepared, pace, afterRound);
  } finally {
    await prepared.close?.();
  }
}

async function beside(
  benchmark: Benchmark,
  { limitMs, worstMs }: Limited,
  pace: Pace,
  afterRound: () => Promise<void>,
): Promise<BenchResult> {
  const { name, unit, against } = benchmark;
  let value = 0;
  for (let round = 0; round < roundsOf(benchmark, pace); round++) {
    value = Math.max(value, await worstMs());
    await afterRound();
  }
  return { name, value, unit, against, againstValue: limitMs, ratio: value / limitMs };
}

function roundsOf(benchmark: Benchmark, pace: Pace): number {
  return Math.min(benchmark.rounds ?? pace.rounds, pace.rounds);
}

async function compare(
  benchmark: Benchmark,
  { work, reference }: Prepared,
  pace: Pace,
  afterRound: () => Promise<void>,
): Promise<BenchResult> {
  const { name, unit, against } = benchmark;
  const rates: { readonly work: number[]; readonly reference: number[] } = {
    work: [],
    reference: [],
  };
  for (let round = 0; round < roundsOf(benchmark, pace); round++) {
    // The two take turns, so that a machine that slows down slows both.
    rates.work.push(await rateOf(work, pace, round === 0));
    rates.reference.push(await rateOf(reference, pace, round === 0));
    await afterRound();
  }
  const value = median(rates.work);
  const againstValue = median(rates.reference);
  return { name, value, unit, against, againstValue, ratio: value / againstValue };
}

/** Units per second in one round. */
async function rateOf(work: Work | Meter, { roundMs }: Pace, isFirst: boolean): Promise<number> {
  if ('rate' in work) {
    return await work.rate();
  }
  const bench = new Bench({
    time: roundMs,
    iterations: 1,
    warmup: isFirst,
    warmupIterations: 1,
    warmupTime: roundMs,
    throws: true,
  });
  bench.add('work', work.run, { async: work.async === true });
  await bench.run();
  const result = bench.getTask('work')?.result;
  if (result?.state !== 'completed') {
    throw new Error('What is measured did not complete.');
  }
  return (work.units * 1000) / result.latency.p50; // the median call, in milliseconds
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
