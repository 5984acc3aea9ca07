/** A benchmark: two ways of spending time in one run, of which only the ratio means much. */
import { Bench } from 'tinybench';

export interface Work {
  /** How many units one call does. */
  readonly units: number;
  /** What it returns is computed, so that no engine leaves the work out. */
  readonly run: () => unknown;
  /** `run` returns a promise. Said here, as a call to find out may take a second. */
  readonly async?: true;
}

export interface Benchmark {
  readonly name: string;
  /** Per second. */
  readonly unit: string;
  /** What it is compared with. */
  readonly against: string;
  readonly prepare: () => Prepared | Promise<Prepared>;
  /** Rounds, where one takes long. */
  readonly rounds?: number;
}

export interface Prepared {
  readonly work: Work;
  readonly reference: Work;
  /** Gives back what was prepared: threads, connections. */
  readonly close?: () => Promise<void>;
}

/** As the JSON has it: units per second, and how many times as many as the reference does. */
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
): Promise<BenchResult> {
  const prepared = await benchmark.prepare();
  try {
    return await compare(benchmark, prepared, pace, afterRound);
  } finally {
    await prepared.close?.();
  }
}

async function compare(
  benchmark: Benchmark,
  { work, reference }: Prepared,
  pace: Pace,
  afterRound: () => Promise<void>,
): Promise<BenchResult> {
  const { name, unit, against } = benchmark;
  const rounds = Math.min(benchmark.rounds ?? pace.rounds, pace.rounds);
  const times: { readonly work: number[]; readonly reference: number[] } = {
    work: [],
    reference: [],
  };
  for (let round = 0; round < rounds; round++) {
    // The two take turns, so that a machine that slows down slows both.
    const bench = new Bench({
      time: pace.roundMs,
      iterations: 1,
      warmup: round === 0,
      warmupIterations: 1,
      warmupTime: pace.roundMs,
      throws: true,
    });
    bench.add('work', work.run, { async: work.async === true });
    bench.add('reference', reference.run, { async: reference.async === true });
    await bench.run();
    times.work.push(latency(bench, 'work'));
    times.reference.push(latency(bench, 'reference'));
    await afterRound();
  }
  const value = perSecond(work, times.work);
  const againstValue = perSecond(reference, times.reference);
  return { name, value, unit, against, againstValue, ratio: value / againstValue };
}

/** The median call of a round, in milliseconds. */
function latency(bench: Bench, task: string): number {
  const result = bench.getTask(task)?.result;
  if (result?.state !== 'completed') {
    throw new Error(`The benchmark's ${task} did not complete.`);
  }
  return result.latency.p50;
}

function perSecond({ units }: Work, milliseconds: readonly number[]): number {
  return (units * 1000) / median(milliseconds);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
