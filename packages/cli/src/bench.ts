/** `doorbell bench`: wall-clock benchmarks, each as a ratio within one run. */
import { getCommand, missing, type NeedStatus } from '@doorbell/peers';
import type { Command } from 'commander';
import { renderTable } from '@doorbell/lab/text';
import { accessBenchmarks } from './bench/access.ts';
import { measure, type Benchmark, type BenchResult } from './bench/benchmark.ts';
import { engineBenchmarks } from './bench/engine.ts';
import { eventBenchmarks } from './bench/event.ts';
import { peerBenchmarks } from './bench/peers.ts';
import { ringThreadBenchmarks } from './bench/ring-threads.ts';
import { ringBenchmarks } from './bench/ring.ts';
import { sharingBenchmarks } from './bench/sharing.ts';
import { sourceBenchmarks } from './bench/source.ts';
import { traceBenchmarks } from './bench/trace.ts';
import { stepBenchmarks } from './bench/step.ts';
import { translationBenchmarks } from './bench/translation.ts';
import { webSocketBenchmarks } from './bench/websocket.ts';
import { wholeRunBenchmarks } from './bench/whole-run.ts';
import { workerBenchmarks } from './bench/worker.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure, Interrupted } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { progressOn } from './progress.ts';
import { formatNumber } from './quantity.ts';
import { terminalOf } from './terminal.ts';

const benchmarks: readonly Benchmark[] = [
  ...accessBenchmarks,
  ...translationBenchmarks,
  ...engineBenchmarks,
  ...eventBenchmarks,
  ...traceBenchmarks,
  ...sharingBenchmarks,
  ...ringBenchmarks,
  ...ringThreadBenchmarks,
  ...workerBenchmarks,
  ...webSocketBenchmarks,
  ...wholeRunBenchmarks,
  ...sourceBenchmarks,
  ...stepBenchmarks,
  ...peerBenchmarks,
];

const PACE = { roundMs: 25, rounds: 7 };

interface BenchOptions {
  readonly filter?: string;
  readonly json?: string;
}

export interface BenchReport {
  readonly schema: 'doorbell.bench/1';
  readonly results: readonly BenchResult[];
}

export function defineBench(command: Command): void {
  command
    .option('--filter <text>', 'only benchmarks whose name contains this, such as mmio')
    .option('--json <file>', 'write the results as JSON; - is stdout');
}

/** @throws Failure when none is chosen. */
function chosen(filter: string): readonly Benchmark[] {
  const found = benchmarks.filter(({ name }) => name.includes(filter));
  if (found.length === 0) {
    const known = benchmarks.map(({ name }) => name).join(', ');
    throw new Failure(
      exitCodes.BAD_INPUT,
      `No benchmark's name contains '${filter}'; there is ${known}.`,
    );
  }
  return found;
}

/** Those for which all is there; it is said which are not. @throws Failure when none is left. */
function possible(list: readonly Benchmark[]): readonly Benchmark[] {
  const absent = list.filter(({ needs = [] }) => missing(needs).length > 0);
  if (absent.length === 0) {
    return list;
  }
  const names = absent.map(({ name }) => name).join(', ');
  const needed = new Set(absent.flatMap(({ needs = [] }) => needs));
  const line = `Left out: ${names}; ${remedy(missing([...needed]))}`;
  if (absent.length === list.length) {
    throw new Failure(exitCodes.UNAVAILABLE, line);
  }
  process.stderr.write(`doorbell: ${line}\n`);
  return list.filter((benchmark) => !absent.includes(benchmark));
}

function remedy(statuses: readonly NeedStatus[]): string {
  const get = getCommand(statuses);
  const whys = statuses.map(({ need, why }) => `${need}: ${why}`).join('; ');
  return get === '' ? `${whys}.` : `get what they need with: ${get}`;
}

export async function runBench({ filter, json }: BenchOptions): Promise<ExitCode> {
  checkJsonTarget(json);
  const results = await measureAll(possible(chosen(filter ?? '')));
  if (json !== TO_STDOUT) {
    process.stdout.write(`${resultTable(results)}\n`);
  }
  if (json !== undefined) {
    writeJson<BenchReport>(json, { schema: 'doorbell.bench/1', results });
  }
  return exitCodes.DONE;
}

async function measureAll(list: readonly Benchmark[]): Promise<BenchResult[]> {
  const { stderr } = process;
  const progress = progressOn(stderr, terminalOf(stderr), {
    total: list.length,
    noun: 'benchmarks',
  });
  const interrupt = onInterrupt();
  const results: BenchResult[] = [];
  try {
    for (const benchmark of list) {
      progress.update(benchmark.name, results.length);
      results.push(
        await measure(benchmark, PACE, () => breath(interrupt.signal), interrupt.signal),
      );
    }
    return results;
  } catch (error) {
    throw interrupt.signal.aborted ? new Interrupted() : error;
  } finally {
    progress.stop();
    interrupt.release();
  }
}

/** Lets the event loop turn. @throws the signal's reason */
async function breath(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  signal.throwIfAborted();
}

/** `41.2 Maccess/s`; a time as it is. */
function formatRate(value: number, unit: string): string {
  if (!unit.endsWith('/s')) {
    return `${formatNumber(value)} ${unit}`;
  }
  const [prefix, size] = value >= 1e6 ? ['M', 1e6] : value >= 1e3 ? ['k', 1e3] : ['', 1];
  return `${formatNumber(value / size)} ${prefix}${unit}`;
}

/** Two digits that matter: most ratios are small. */
function formatRatio(ratio: number): string {
  return ratio < 0.1 ? String(Number(ratio.toPrecision(2))) : formatNumber(ratio);
}

function resultTable(results: readonly BenchResult[]): string {
  const { colors } = terminalOf(process.stdout);
  const rows = results.map(({ name, value, unit, against, ratio }) => [
    name,
    formatRate(value, unit),
    colors.bold(formatRatio(ratio)),
    `× ${against}`,
  ]);
  return renderTable(rows, ['left', 'right', 'right', 'left']).join('\n');
}
