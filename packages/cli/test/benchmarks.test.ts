import { expect, test } from 'vitest';
import { accessBenchmarks } from '../src/bench/access.ts';
import { measure } from '../src/bench/benchmark.ts';
import { engineBenchmarks } from '../src/bench/engine.ts';
import { eventBenchmarks } from '../src/bench/event.ts';
import { ringThreadBenchmarks } from '../src/bench/ring-threads.ts';
import { ringBenchmarks } from '../src/bench/ring.ts';
import { translationBenchmarks } from '../src/bench/translation.ts';
import { webSocketBenchmarks } from '../src/bench/websocket.ts';
import { workerBenchmarks } from '../src/bench/worker.ts';
import { doorbell } from './captured.ts';

test.each([
  ...accessBenchmarks,
  ...translationBenchmarks,
  ...engineBenchmarks,
  ...eventBenchmarks,
  ...ringBenchmarks,
  ...ringThreadBenchmarks,
  ...workerBenchmarks,
  ...webSocketBenchmarks,
])('$name measures something', async (benchmark) => {
  const result = await measure(benchmark, { roundMs: 0, rounds: 1 }, async () => {});
  expect(result.value).toBeGreaterThan(0);
  expect(result.againstValue).toBeGreaterThan(0);
});

test('measures the benchmarks whose name contains the filter, as JSON on stdout', async () => {
  const { code, stdout } = await doorbell('bench --filter iommu --json -');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    schema: 'doorbell.bench/1',
    results: ['iommu.hit', 'iommu.miss'].map((name) => ({
      name,
      value: expect.any(Number),
      unit: 'translation/s',
      against: expect.any(String),
      againstValue: expect.any(Number),
      ratio: expect.any(Number),
    })),
  });
});

test('prints a row for each', async () => {
  const { stdout } = await doorbell('bench --filter iommu.hit');
  expect(stdout).toMatch(
    /^iommu\.hit {3}[\d.,]+ [kM]?translation\/s {3}[\d.]+ {3}× Map lookups\n$/,
  );
});

test('names the benchmarks when the filter lets none through', async () => {
  const { code, stderr } = await doorbell('bench --filter vulkan');
  expect(code).toBe(2);
  expect(stderr).toMatch(/'vulkan'; there is mmio\.direct, .*worker\.roundtrip, .*pv\.inline\.\n$/);
});
